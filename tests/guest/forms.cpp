// SPDX-License-Identifier: Apache-2.0
// Writes a captured guest's memory in other forms, into a folder; their names are what forms_test.cpp makes
// of them.
//
//     guest_forms VMCORE FOLDER FORM...    FORM: elf, elf.flattened, raw, lime, avml, or PACKING,
//                                          PACKING.flattened, PACKING.split
//     guest_forms compare DUMP VMCORE      what DUMP holds of VMCORE: all pages are the same, or left out
#include "host/memory/source.hpp"
#include "raw_forms.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/kdump_file.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace mapscope::test {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, std::string_view bytes) {
  if (!(std::ofstream(file, std::ios::binary) << bytes))
    throw std::runtime_error("cannot write " + file.string());
}

Packing packing_of(const std::string& name) {
  const auto found = std::ranges::find(all_packings, name, packing_name);
  if (found == std::end(all_packings)) throw std::runtime_error("no such form: " + name);
  return *found;
}

/// makedumpfile looks for program headers right behind the ELF header, where QEMU has its section headers.
std::string elf_of(const memory::Source& source) {
  CoreFile core;
  core.note("VMCOREINFO", source.vmcoreinfo());
  for (const auto& segment : source.segments()) {
    if (segment.address >> 20 == 0xfff) continue; // the firmware's flash, which is no memory of the kernel's
    const auto bytes = source.view(segment.address, segment.present);
    core.load(segment.address, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, segment.size);
  }
  return core.bytes();
}

constexpr std::size_t piece = 1U << 16; ///< of a flattened stream

void write_kdump(const memory::Source& source, const fs::path& folder, const std::string& form) {
  const auto dot = form.find('.');
  const std::string how = dot == std::string::npos ? "" : form.substr(dot + 1);
  KdumpFile kdump(packing_of(form.substr(0, dot)));
  kdump.add(source);
  if (how.empty()) return write(folder / form, kdump.bytes());
  if (how == "flattened") return write(folder / form, flattened(kdump.bytes(), piece));
  // Parts of unequal size, the second one without memory.
  const std::uint64_t ram = 0x20000, end = kdump.frames();
  const auto parts = kdump.parts({ram / 8, ram / 8, ram / 2, end});
  for (std::size_t i = 0; i < parts.size(); ++i)
    write(folder / (form + "." + std::to_string(i + 1)), parts[i]);
}

void write_form(const fs::path& core, const memory::Source& source, const fs::path& folder,
                const std::string& form) {
  const fs::path to = folder / form;
  if (form == "elf") return write(to, elf_of(source));
  if (form == "elf.flattened") return write(to, flattened(elf_of(source), piece));
  if (form == "raw") return guest::write_raw(core, to);
  if (form == "lime") return guest::write_lime(core, to);
  if (form == "avml") return guest::write_avml(core, to);
  write_kdump(source, folder, form);
}

std::unique_ptr<memory::Source> opened(const std::string& name) {
  auto source = memory::open_source(name);
  if (!source) throw std::runtime_error(source.error().text);
  return std::move(*source);
}

/// Of every page that the dump has of the memory.
int compare(const memory::Source& dump, const memory::Source& core) {
  constexpr std::uint64_t page = 4096;
  std::uint64_t equal = 0, left_out = 0, wrong = 0;
  std::vector<std::byte> buffer;
  for (const auto& segment : dump.segments())
    for (std::uint64_t at = segment.address; at < segment.address + segment.size; at += page) {
      const auto there = dump.glance(at, page, buffer), expected = core.view(at, page);
      if (there.empty() && dump.why_absent(at) == memory::Absence::left_out)
        left_out += page;
      else
        (std::ranges::equal(there, expected) ? equal : wrong) += page;
    }
  std::printf("%lu bytes left out, %lu equal, %lu wrong\n", left_out, equal, wrong);
  return wrong == 0 && left_out == dump.left_out_bytes() && equal != 0 ? 0 : 1;
}

int run(std::span<char*> words) {
  if (words.size() < 4) throw std::runtime_error("usage: guest_forms VMCORE FOLDER FORM...");
  if (std::string_view(words[1]) == "compare") return compare(*opened(words[2]), *opened(words[3]));
  const auto source = opened(words[1]);
  for (const char* form : words.subspan(3)) write_form(words[1], *source, words[2], form);
  return 0;
}

} // namespace
} // namespace mapscope::test

int main(int argc, char** argv) {
  try {
    return mapscope::test::run(std::span(argv, static_cast<std::size_t>(argc)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "guest_forms: %s\n", error.what());
    return 1;
  }
}
