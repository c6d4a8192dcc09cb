// SPDX-License-Identifier: Apache-2.0
// sparse_kdump FILE GIB: a kdump-compressed dump of a machine of 64 GiB, of which it holds a tiny kernel and,
// from 40 GiB on, an array of so many GiB of values, 4 KiB each: its number, and zeros.
#include "tests/support/kdump_file.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>

namespace mapscope::test {
namespace {

constexpr std::uint64_t gib = 1ULL << 30, page = 4096, machine_gib = 64, values_gib = 40,
                        kernel_bytes = 1U << 21;
constexpr std::uint64_t members_at = 0x200; ///< of what follows struct bpf_map
constexpr std::uint64_t value_at = members_at + 8;

void add_types(BtfBuilder& b) {
  add_kernel_types(b);
  constexpr std::uint32_t first = members_at * 8;
  b.record("bpf_array", {{"elem_size", b.u32(), first}, {"value", b.array(b.u8(), 0), first + 64}}, value_at);
}

std::string objects_text(std::uint64_t entries) {
  const BtfBuilder none;
  const auto raw = none.raw();
  return "maps: " + xa_node_text({{1, "map+0xffff888000000000"}}) + "programs: " + xa_node_text({}) +
         "btfs: " + xa_node_text({{5, "btf+0xffff888000000000"}}) +
         fmt::format("btf: u64 types+0xffff888000000000 0 u32 {} 5 u8 0 zero 63\ntypes: {} align 4096\n",
                     raw.size(), bytes_text(raw)) +
         fmt::format(
             "@{:#x} map: u32 2 4 {} {} 0 1 u64 0 text \"values\" zero 10 u64 0 u32 0 0 0 0 u64 3 2 0 "
             "zero {} u32 {} 0 align 4096\n",
             values_gib * gib, page, entries, members_at - 96, page);
}

/// The direct map goes as far as the values do.
std::string with_more_direct_map(std::string text, std::uint64_t values) {
  const std::string_view first = "@0x3000 u64 0x83 ";
  std::string entries = fmt::format("{}zero {} u64", first, (values_gib - 1) * 8);
  for (std::uint64_t i = 0; i <= values; ++i) entries += fmt::format(" {:#x}", (values_gib + i) * gib | 0x83);
  return text.replace(text.find(first), first.size(), entries + " ");
}

/// Value number i begins in page i of the array, behind what its first page holds of struct bpf_array.
void add_values(KdumpFile& dump, std::uint64_t entries) {
  for (std::uint64_t i = 1; i <= entries; ++i) {
    std::string bytes(page, '\0');
    std::memcpy(bytes.data() + value_at, &i, sizeof i);
    dump.page(values_gib * gib / page + i, bytes);
  }
}

void leave_out(KdumpFile& dump, std::uint64_t frame, std::uint64_t end) {
  for (; frame < end; ++frame) dump.leave_out(frame);
}

int run(const char* path, std::uint64_t values) {
  const std::uint64_t entries = values * gib / page;
  BtfBuilder kernel;
  add_types(kernel);
  const TextImage image(with_more_direct_map(tiny_kernel_text(kernel, objects_text(entries)), values));
  KdumpFile dump;
  dump.add(image);
  const std::uint64_t kernel_end = kernel_bytes / page;
  add_values(dump, entries);
  leave_out(dump, kernel_end, values_gib * gib / page);
  leave_out(dump, dump.frames(), machine_gib * gib / page);
  std::ofstream file(path, std::ios::binary);
  file << dump.bytes();
  return file.flush() ? 0 : 1;
}

} // namespace
} // namespace mapscope::test

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: sparse_kdump FILE GIB\n", stderr);
    return 2;
  }
  return mapscope::test::run(words[1], std::strtoull(words[2], nullptr, 10));
}
