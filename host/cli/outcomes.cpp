// SPDX-License-Identifier: Apache-2.0
#include "host/cli/outcomes.hpp"

#include "host/base/counted.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::cli {

report::Outcome not_rendered(const catalog::Map& map, const plugin::Selection& selection) {
  if (!map.is_read) return {report::Status::unreadable, "", std::nullopt, map.problem.value_or("")};
  return {report::Status::skipped, "", std::nullopt, selection.reason};
}

report::Outcome with_record(const catalog::Map& map, report::Outcome outcome) {
  if (!map.problem) return outcome;
  outcome.status = report::graver(outcome.status, report::Status::partial);
  outcome.error = *map.problem + (outcome.error.empty() ? "" : "; " + outcome.error);
  return outcome;
}

std::vector<std::string> gaps_about(const catalog::Catalog& catalog,
                                    const std::vector<const catalog::Map*>& maps) {
  const auto concerns = [&](const catalog::Gap& gap) {
    if (maps.size() == catalog.maps.size() || (!gap.program && !gap.btf)) return true;
    return std::ranges::any_of(maps, [&](const catalog::Map* map) {
      return gap.program ? std::ranges::find(map->programs, *gap.program) != map->programs.end()
                         : map->btf_id == gap.btf;
    });
  };
  std::vector<std::string> told;
  for (const auto& gap : catalog.gaps)
    if (concerns(gap)) told.push_back(gap.text);
  if (const std::size_t others = catalog.gaps.size() - told.size(); others != 0)
    told.push_back(
        fmt::format("{} in programs and types that none of the maps shown is known to use; without "
                    "--map each is told",
                    counted(others, "gap")));
  return told;
}

} // namespace mapscope::cli
