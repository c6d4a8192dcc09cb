// SPDX-License-Identifier: Apache-2.0
// seeds DIRECTORY PLUGIN...: writes the seeds of fuzzers whose input is not text.
#include "host/plugin/worker/frames.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/elf_vmlinux.hpp"
#include "tests/support/holed_kernel.hpp"
#include "tests/support/kdump_file.hpp"
#include "tests/support/memory_files.hpp"
#include "tests/support/plugin_library.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <array>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <unistd.h>

namespace {

using namespace mapscope::test;
namespace plugin = mapscope::plugin;
namespace fs = std::filesystem;

void write(const fs::path& file, std::string_view content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A type of every kind.
std::string every_kind() {
  BtfBuilder b;
  const TypeId u32 = b.u32(), i64 = b.i64();
  const TypeId e = b.enumeration("e", {{"ONE", 1}, {"LESS", -1}});
  b.enumeration64("wide", {{"FAR", 1LL << 40}}, true);
  const TypeId inner = b.union_of("", {{"x", u32}, {"y", b.real("float", 4)}});
  const TypeId bits = b.record("bits", {{"low", u32, 0, 3}, {"high", u32, 3, 9}});
  const TypeId mask = b.record("cpumask", {{"bits", b.array(b.u64(), 2)}});
  const TypeId r = b.record("r", {{"a", i64},
                                  {"", inner},
                                  {"e", e},
                                  {"bits", bits},
                                  {"mask", mask},
                                  {"p", b.pointer(b.const_of(b.forward("away")))},
                                  {"tail", b.array(u32, 0)}});
  const TypeId t = b.typedef_of("t", b.volatile_of(b.type_tag("tag", b.restrict_of(r))));
  b.decl_tag("note", r);
  b.function("call");
  b.section(".data", {{b.variable("v", t), 0, 64}, {b.variable("w", b.boolean()), 64, 1}});
  return std::string(as_text(b.raw()));
}

std::string kernel_types() {
  BtfBuilder b;
  add_kernel_types(b);
  return std::string(as_text(b.raw()));
}

/// One map with types of its own, one program that uses it.
std::string tiny_kernel() {
  BtfBuilder types, own;
  add_kernel_types(types);
  own.record("value", {{"a", own.u32()}});
  constexpr const char* direct = "+0xffff888000000000";
  const auto at = [](const char* label) { return std::string(label) + direct; };
  const std::string objects =
      "maps: " + xa_node_text({{1, at("map")}}) + "programs: " + xa_node_text({{2, at("program")}}) +
      "btfs: " + xa_node_text({{3, at("btf")}}) + "map: u32 1 4 4 16 0 1 u64 0 text \"first\" zero 11 u64 " +
      at("btf") + " u32 1 2 0 0 u64 2 1\n" + "program: u32 1 u8 1 2 3 4 5 6 7 8 zero 4 u64 " + at("aux") +
      " 0\n" + "aux: u32 2 1 u64 " + at("used") + " 99 0 text \"prog\" zero 12\nused: u64 " + at("map") +
      "\n" + "btf: u64 " + at("own") + " 0 u32 " + std::to_string(own.raw().size()) +
      " 3 u8 0 zero 63\nown:" + bytes_text(own.raw());
  return core_of(TextImage(tiny_kernel_text(types, objects))).bytes();
}

/// Dumps of a few pages in every packing, and as streams and parts.
void write_kdumps(const fs::path& to) {
  for (const Packing packing : all_packings) {
    KdumpFile kdump(packing);
    for (const std::uint64_t frame : {1, 2, 5}) kdump.page(frame, "content of a page");
    kdump.leave_out(3);
    kdump.vmcoreinfo = "OSRELEASE=6.12.0\n";
    const std::string name(packing_name(packing));
    write(to / name, kdump.bytes());
    write(to / (name + "_part"), kdump.part(0, 6));
    write(to / (name + "_flattened"), flattened(kdump.bytes()));
  }
}

/// Every key there is.
std::string manifest() {
  return manifest_text("org.example.x",
                       {"summary=a b", "url=https://example.org", "attach=map-type:hash,lru_* prio=-3",
                        "attach=allocator:sdt_* var=struct scx_allocator", "attach=map-name:a?",
                        "needs=struct bpf_htab.buckets,map.ops", "config=deep:bool=true", "config=most:u64=7",
                        "budget=entries:5 ms:7", "flavour=vanilla"}) +
         std::string(1, '\0');
}

/// A worker's whole talk: a frame of each kind that it sends.
std::string frames() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
  plugin::FrameWriter writer(ends[1]);
  const std::uint64_t number = 7;
  const msc_value value = {MSC_DECLARED, &number, sizeof number};
  const std::array copies = {value, msc_value{}};
  msc_row row{};
  row.size = sizeof row, row.shape = MSC_PERCPU_ENTRY;
  row.key = value, row.copies = copies.data(), row.copy_count = copies.size();
  writer.row(row);
  writer.field({sizeof(msc_field), MSC_HEX, "name", number, 0.5, value});
  writer.note(MSC_EFAULT, "part is missing");
  writer.end({});
  writer.crash({});
  std::string bytes(4096, '\0');
  const ssize_t got = ::read(ends[0], bytes.data(), bytes.size());
  ::close(ends[0]), ::close(ends[1]);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

void write_all(const fs::path& to, std::span<char*> plugins) {
  write(to / "btf" / "every_kind", every_kind());
  write(to / "btf" / "kernel", kernel_types());
  write(to / "types" / "raw", every_kind());
  VmlinuxWriter object;
  object.add(".text", SHT_PROGBITS, "code"), object.add(".BTF", SHT_PROGBITS, every_kind());
  write(to / "types" / "object", object.bytes());
  write(to / "core" / "tiny_kernel", tiny_kernel());
  const HoledKernel holed;
  const auto memory = memory_of(holed.image());
  write(to / "core" / "raw", raw_image(memory, holed.layout()));
  write(to / "core" / "lime", lime_image(memory));
  write(to / "core" / "avml", avml_image(memory));
  write_kdumps(to / "kdump");
  write(to / "vmlinux" / "small",
        elf_vmlinux({{"_stext", 0xffffffff81000000}, {"map_idr", 0xffffffff82000000}}, "types"));
  write(to / "manifest" / "every_key", manifest());
  write(to / "frames" / "every_kind", frames());
  fs::create_directories(to / "plugin");
  for (const char* plugin : plugins)
    fs::copy_file(plugin, to / "plugin" / fs::path(plugin).filename(), fs::copy_options::overwrite_existing);
}

} // namespace

int main(int argc, char** argv) {
  try {
    write_all(argv[1], std::span(argv, static_cast<std::size_t>(argc)).subspan(2));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "seeds: %s\n", error.what());
    return 1;
  }
  return 0;
}
