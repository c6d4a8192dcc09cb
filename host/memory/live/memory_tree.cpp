// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/memory_tree.hpp"

#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace mapscope::memory {

namespace {

constexpr std::size_t most_ranges = 4096;
constexpr std::uint64_t end_of_memory = 1ULL << 52; // what page tables of either architecture can say

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

bool take(std::string_view& line, std::string_view word) {
  if (!line.starts_with(word)) return false;
  line.remove_prefix(word.size());
  return true;
}

std::optional<std::uint64_t> take_hex(std::string_view& line) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(line.data(), line.data() + line.size(), number, 16);
  if (error != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(rest - line.data()));
  return number;
}

/// "(prio 0, ram): " or "rom"; what is behind it.
bool take_kind(std::string_view& line) {
  if (!take(line, " (prio ")) return false;
  const auto comma = line.find(", ");
  if (comma == line.npos) return false;
  line.remove_prefix(comma + 2);
  return take(line, "ram): ") || take(line, "rom): ");
}

/// "NAME @OFFSET", the offset only where it is not 0; by an accelerator or an owner more words follow.
void take_region(std::string_view line, TreeRange& range) {
  range.region = line.substr(0, line.find(' '));
  line.remove_prefix(range.region.size());
  if (take(line, " @")) range.offset = take_hex(line).value_or(0);
}

/// "  0000000000100000-000000001fffffff (prio 0, ram): ram0 @0000000000100000"; nothing for any other line.
std::optional<TreeRange> range_in(std::string_view line, std::uint64_t& last) {
  while (take(line, " ")) {
  }
  const auto first = take_hex(line);
  if (!first || !take(line, "-")) return std::nullopt;
  const auto end = take_hex(line);
  if (!end || !take_kind(line)) return std::nullopt;
  TreeRange range{.address = *first, .region = {}};
  last = *end;
  take_region(line, range);
  return range;
}

std::unexpected<Error> bad(std::string_view line) {
  return fail(Errc::corrupt, fmt::format("QEMU's memory tree has \"{}\"", line.substr(0, 100)));
}

} // namespace

Result<std::vector<TreeRange>> ram_in_tree(std::string_view text) {
  std::vector<TreeRange> ranges;
  bool is_memory = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.starts_with("FlatView")) {
      if (!ranges.empty()) break;
      is_memory = false;
    }
    is_memory = is_memory || line.starts_with(R"( AS "memory",)");
    std::uint64_t last = 0;
    auto range = is_memory ? range_in(line, last) : std::nullopt;
    if (!range) continue;
    if (last < range->address || last >= end_of_memory) return bad(line);
    range->size = last - range->address + 1;
    if (range->offset > end_of_memory || ranges.size() == most_ranges) return bad(line);
    ranges.push_back(*range);
  }
  if (ranges.empty()) return fail(Errc::not_found, "QEMU's memory tree has no RAM");
  return ranges;
}

} // namespace mapscope::memory
