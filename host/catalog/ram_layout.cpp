// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/ram_layout.hpp"

#include "host/catalog/resource_tree.hpp"
#include "host/memory/raw_image.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace mapscope::catalog {

namespace {

using memory::Layout;
using memory::RawImage;
using memory::Run;
using Ranges = std::vector<target::PhysicalRange>;

constexpr std::uint64_t mib = 1U << 20, four_gib = 1ULL << 32;

/// System RAM as a machine has it: a part that begins at 0, and what lies from 4 GiB on.
struct Ram {
  std::uint64_t low_end = 0; ///< of what the kernel has; firmware may keep some behind it
  Ranges high;

  explicit Ram(const Ranges& ranges) {
    for (const auto& range : ranges) {
      if (range.begin < four_gib)
        low_end = std::max(low_end, range.end);
      else
        high.push_back(range);
    }
  }
  [[nodiscard]] std::uint64_t end() const { return high.empty() ? low_end : high.back().end; }
};

/// High RAM as one run from its first to its last byte, what firmware keeps in between included.
Layout in_one(const Ram& ram) { return {{ram.high.front().begin, ram.end() - ram.high.front().begin}}; }

Layout one_by_one(const Ram& ram) {
  Layout runs;
  for (const auto& range : ram.high) runs.push_back({range.begin, range.end - range.begin});
  return runs;
}

std::uint64_t bytes_of(const Layout& runs) {
  std::uint64_t bytes = 0;
  for (const Run& run : runs) bytes += run.size;
  return bytes;
}

Layout behind_low(std::uint64_t low, Layout high) {
  high.insert(high.begin(), {0, low});
  return high;
}

/// Firmware may keep some behind what the kernel has.
std::uint64_t machine_end(std::uint64_t kernels_end) { return kernels_end + (0 - kernels_end) % mib; }

/// More is no firmware's, so the file is longer than the machine's memory.
constexpr std::uint64_t most_of_firmware = 256 * mib;

bool is_longer(std::uint64_t begin, std::uint64_t end, std::uint64_t file_size) {
  return file_size > end - begin && file_size - (end - begin) > most_of_firmware;
}

/// RAM without a hole, from `begin` on; of a file that was cut, or is longer, with its size.
Layout in_one_piece(std::uint64_t begin, std::uint64_t end, std::uint64_t file_size) {
  const bool is_settled = file_size < end - begin || is_longer(begin, end, file_size);
  return {{begin, is_settled ? machine_end(end) - begin : Run::rest}};
}

/// Layouts that account for every byte of the file, then those of a file that was cut; the likelier first.
std::vector<Layout> candidates(const Ram& ram, std::uint64_t file_size) {
  if (ram.low_end > four_gib) return {};
  std::vector<Layout> layouts;
  if (ram.high.empty()) return {in_one_piece(0, ram.low_end, file_size)};
  if (file_size >= ram.end()) layouts.push_back(in_one_piece(0, ram.end(), file_size));
  for (const Layout& high : {in_one(ram), one_by_one(ram)}) {
    const std::uint64_t low = file_size - std::min(file_size, bytes_of(high));
    if (low >= ram.low_end && low <= four_gib && low % mib == 0) layouts.push_back(behind_low(low, high));
  }
  layouts.push_back(behind_low(machine_end(ram.low_end), in_one(ram)));
  return layouts;
}

/// Where the list cannot be read (the end of the file is what a cut takes, and there it mostly lies): numbers
/// in the kernel's own image.
class Numbers {
public:
  explicit Numbers(const target::Target& target) : target_(target) {}

  /// Up to where RAM reaches, below 4 GiB and above (arch/x86/mm/init.c).
  [[nodiscard]] std::optional<Ram> ram() const {
    const auto end = number("max_pfn"), low_end = number("max_low_pfn_mapped");
    if (!end || !low_end || *end > most_pages || *low_end > *end) return std::nullopt;
    Ranges ranges = {{0, *low_end * target_.page_size()}};
    if (*end > *low_end) ranges.push_back({four_gib, *end * target_.page_size()});
    if (ranges.back().end <= ranges.back().begin) return std::nullopt;
    return Ram(ranges);
  }

  /// The page that the kernel keeps its VMCOREINFO in is where it says. Page tables are not needed for that.
  [[nodiscard]] bool hold(const memory::Source& laid) const {
    const auto page = number("vmcoreinfo_data"), base = number("page_offset_base");
    if (!page || !base) return false;
    constexpr std::string_view first_key = "OSRELEASE=";
    const auto bytes = laid.view(*page - *base, first_key.size());
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) == first_key;
  }

private:
  static constexpr std::uint64_t most_pages = 1ULL << 40;

  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view symbol) const {
    const auto at = target_.symbols().find(symbol);
    return at ? target_.reader().get<std::uint64_t>(*at) : std::nullopt;
  }

  const target::Target& target_;
};

Layout by_numbers(const target::Target& target, const RawImage& image) {
  const Numbers numbers(target);
  const auto ram = numbers.ram();
  if (!ram) return {};
  const bool has_hole = !ram->high.empty(); // else there is nothing to choose from
  for (const Layout& layout : candidates(*ram, image.file().size()))
    if (!has_hole || numbers.hold(*image.laid_out(layout, ""))) return layout;
  return {};
}

class Search {
public:
  Search(const target::Target& target, const RawImage& image, const ResourceTree& tree)
      : target_(target), image_(image), tree_(tree) {}

  [[nodiscard]] Layout run() const {
    if (const auto ranges = ram_under(image_)) {
      if (Layout cut = settled_by_its_place(*ranges); !cut.empty()) return cut;
      const Ram ram(*ranges);
      for (const Layout& layout : candidates(ram, image_.file().size()))
        if (holds(layout, *ranges)) return layout;
    }
    for (std::uint64_t low = mib; low < four_gib && low < image_.file().size(); low += mib)
      if (Layout layout = under_hole_behind(low); !layout.empty()) return layout;
    return {};
  }

private:
  /// Where RAM begins elsewhere (arm64) the kernel's own place has told where, and the list how far it goes:
  /// a file with less than that was cut, and one with much more holds what is no memory.
  [[nodiscard]] Layout settled_by_its_place(const Ranges& ranges) const {
    const std::uint64_t begin = image_.layout().front().address, end = ranges.back().end;
    if (begin == 0 || image_.layout().size() != 1 || begin > ranges.front().begin) return {};
    std::uint64_t bytes = 0;
    for (const auto& range : ranges) bytes += range.end - range.begin;
    const std::uint64_t size = image_.file().size();
    return size < bytes || is_longer(begin, end, size) ? in_one_piece(begin, end, size) : Layout{};
  }

  [[nodiscard]] std::optional<Ranges> ram_under(const RawImage& image) const {
    const auto translator = target_.translator_over(image);
    return tree_.system_ram({&image, translator.get()});
  }

  [[nodiscard]] bool holds(const Layout& layout, const Ranges& expected) const {
    const auto ranges = ram_under(*image_.laid_out(layout, ""));
    return ranges && std::ranges::equal(*ranges, expected, [](const auto& a, const auto& b) {
             return a.begin == b.begin && a.end == b.end;
           });
  }

  /// Empty unless the tree can be read where low RAM ends there, and says the same.
  [[nodiscard]] Layout under_hole_behind(std::uint64_t low) const {
    const auto ranges = ram_under(*image_.laid_out({{0, low}, {four_gib, Run::rest}}, ""));
    if (!ranges) return {};
    const Ram ram(*ranges);
    if (ram.high.empty() || ram.low_end > low) return {};
    for (const Layout& layout : candidates(ram, image_.file().size()))
      if (layout.front().size == low && holds(layout, *ranges)) return layout;
    const Layout cut = behind_low(low, in_one(ram));
    return holds(cut, *ranges) ? cut : Layout{};
  }

  const target::Target& target_;
  const RawImage& image_;
  const ResourceTree& tree_;
};

} // namespace

FoundLayout find_layout(const target::Target& target, const btf::Types& types) {
  const RawImage* const image = target.source().raw_image();
  if (image == nullptr) return {};
  const auto tree = ResourceTree::find(target.symbols(), types);
  Layout layout = tree ? Search(target, *image, *tree).run() : Layout{};
  if (!layout.empty()) return {std::move(layout), "the kernel's list of its memory (iomem_resource)"};
  layout = by_numbers(target, *image);
  if (!layout.empty())
    return {std::move(layout),
            "the kernel's last pages (max_low_pfn_mapped, max_pfn) and its place of VMCOREINFO"};
  return {
      {},
      fmt::format("where the bytes of a raw image lie was not found (the kernel's list of its memory, "
                  "iomem_resource, cannot be {}); the offset in the file is taken for the address, --layout "
                  "RANGES says otherwise",
                  tree ? "read" : "looked for: its symbols or types lack it")};
}

} // namespace mapscope::catalog
