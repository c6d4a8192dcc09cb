// SPDX-License-Identifier: Apache-2.0
#include "host/report/empty_maps.hpp"

#include "host/report/declared.hpp"
#include "host/report/text_overview.hpp"
#include "host/report/text_value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

namespace mapscope::report {

namespace {

/// "18, 22..4112"
std::string ranges_of(const std::vector<std::uint32_t>& ids) {
  std::vector<std::string> ranges;
  for (std::size_t i = 0, end = 0; i < ids.size(); i = end) {
    for (end = i + 1; end < ids.size() && ids[end] == ids[end - 1] + 1;) ++end;
    ranges.push_back(end - i > 1 ? fmt::format("{}..{}", ids[i], ids[end - 1]) : std::to_string(ids[i]));
  }
  return fmt::format("{}", fmt::join(ranges, ", "));
}

std::string line_of(const catalog::Map& first, const std::vector<std::uint32_t>& ids) {
  const std::string from =
      first.types_from.empty() ? "" : fmt::format(", types from {}", printable(first.types_from));
  return fmt::format("  {} {}, each: {}, key {} B, value {} B, max_entries {}{}: {}\n", ids.size(),
                     printable(first.label()), printable(first.type_name), key_size_text(first),
                     first.value_size, first.max_entries, from, ranges_of(ids));
}

} // namespace

EmptyMaps::Kind EmptyMaps::kind_of(const catalog::Map& map) {
  return {map.type_name,  std::string(map.label()), map.types_from, map.key_size,
          map.value_size, map.max_entries,          map.flags};
}

void EmptyMaps::add(const catalog::Map& map) {
  if (map.is_read && map.programs.empty()) ++counts_[kind_of(map)];
}

bool EmptyMaps::has_many_like(const catalog::Map& map) const {
  if (!map.is_read || !map.programs.empty()) return false;
  const auto found = counts_.find(kind_of(map));
  return found != counts_.end() && found->second >= least;
}

bool EmptyMaps::is_empty(const Outcome& outcome) {
  return outcome.entry_count == 0 && outcome.status == Status::complete && words_of(outcome).empty() &&
         outcome.findings.empty() && outcome.lost_payloads == 0;
}

std::string EmptyMaps::lines(std::span<const MapLine> maps, const Options& options) const {
  std::map<Kind, std::pair<const catalog::Map*, std::vector<std::uint32_t>>> kinds;
  for (const MapLine& line : maps) {
    if (!has(line)) continue;
    auto& [first, ids] = kinds[kind_of(*line.map)];
    if (first == nullptr) first = line.map;
    ids.push_back(line.map->id);
  }
  if (kinds.empty()) return "";
  std::string out = heading_text("maps that are empty (--full shows each)", options);
  for (const auto& [kind, of_kind] : kinds) out += line_of(*of_kind.first, of_kind.second);
  return out + '\n';
}

} // namespace mapscope::report
