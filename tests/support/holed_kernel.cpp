// SPDX-License-Identifier: Apache-2.0
#include "tests/support/holed_kernel.hpp"

#include "tests/support/tiny_kernel.hpp"

#include <fmt/format.h>
#include <stdexcept>
#include <vector>

namespace mapscope::test {

namespace {

constexpr std::uint64_t root = 0x6400, names = 0x6600, numbers = 0x6700, four_gib = 1ULL << 32;
constexpr std::uint64_t ram = names, other = names + 11; ///< "System RAM\0" and "Reserved\0"

struct Entry {
  std::uint64_t first, last, name;
};

/// struct resource as below: flags, sibling, start, end, child, name, parent.
std::string entry_text(const Entry& entry, std::uint64_t sibling) {
  return fmt::format("u64 0x80000200 {:#x} {:#x} {:#x} 0 {:#x} {:#x}\n", sibling, entry.first, entry.last,
                     image_at(entry.name), image_at(root));
}

std::string list_text(const HoledKernel& kernel) {
  std::vector<Entry> entries = {{0x1000, 0x9fbff, ram},
                                {0x9fc00, 0xfffff, other},
                                {0x100000, kernel.low - kernel.kept - 1, ram},
                                {kernel.low - kernel.kept, kernel.low - 1, other}};
  if (kernel.high != 0) entries.push_back({four_gib, four_gib + kernel.high - 1, ram});
  std::string text =
      fmt::format("@{:#x} u64 0 0 0 -1 {:#x} {:#x} 0\n", root, direct_at(kernel.list_at), image_at(other));
  text += fmt::format("@{:#x} text \"System RAM\\0Reserved\\0\"\n@{:#x}\n", names, kernel.list_at);
  constexpr std::uint64_t bytes = 7 * 8;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool is_last = i + 1 == entries.size();
    const std::uint64_t next = kernel.list_at + (is_last ? 0 : (i + 1) * bytes);
    text += entry_text(entries[i], is_last && !kernel.circular ? 0 : direct_at(next));
  }
  return text;
}

/// max_pfn, max_low_pfn_mapped, vmcoreinfo_data, elfcorehdr_addr.
std::string numbers_text(const HoledKernel& kernel) {
  const std::uint64_t low_end = kernel.low - kernel.kept,
                      end = kernel.high != 0 ? four_gib + kernel.high : low_end;
  return fmt::format("@{:#x} u64 {:#x} {:#x} {:#x} 0x1000\n", numbers, end >> 12, low_end >> 12,
                     direct_at(kernel.vmcoreinfo_at));
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  if (at == text.npos) throw std::invalid_argument(what);
  return text.replace(at, what.size(), with);
}

} // namespace

TextImage HoledKernel::image() const {
  BtfBuilder types;
  add_kernel_types(types);
  const auto u64 = types.u64();
  types.record("resource", {{"flags", u64},
                            {"sibling", u64},
                            {"start", u64},
                            {"end", u64},
                            {"child", u64},
                            {"name", u64},
                            {"parent", u64}});
  std::vector<std::pair<std::string, std::uint64_t>> symbols = {{"iomem_resource", image_at(root)}};
  if (vmcoreinfo_at != 0) {
    symbols.emplace_back("max_pfn", image_at(numbers));
    symbols.emplace_back("max_low_pfn_mapped", image_at(numbers + 8));
    symbols.emplace_back("vmcoreinfo_data", image_at(numbers + 16));
  }
  if (is_crash_kernel) symbols.emplace_back("elfcorehdr_addr", image_at(numbers + 24));
  const std::string text = tiny_kernel_text(
      types,
      "maps: " + xa_node_text({{1, map + "+0xffff888000000000"}}) + "programs: " + xa_node_text({}) +
          "btfs: " + xa_node_text({}) +
          fmt::format("{0}: u32 1 4 8 100 0 1 u64 0 text \"{0}\" zero {1} u64 0 u32 0 0 0 0 u64 1 1 0\n", map,
                      16 - map.size()),
      {}, symbols);
  // The direct map's pages of 1 GiB: the first, and the one at 4 GiB.
  return TextImage(replaced(text, "u64 0x83 align", "u64 0x83 0 0 0 0x100000083 align") + list_text(*this) +
                   numbers_text(*this));
}

memory::Layout HoledKernel::layout() const {
  if (high == 0) return {{0, low}};
  return {{0, low}, {four_gib, high}};
}

} // namespace mapscope::test
