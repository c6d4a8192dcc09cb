// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/gaps.hpp"

#include "host/base/counted.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace mapscope::pipeline {

std::vector<std::string> gaps_about(const catalog::Catalog& catalog, const ShownMaps& maps,
                                    const std::string& narrowed_by) {
  const auto concerns = [&](const catalog::Gap& gap) {
    if (maps.size() == catalog.maps.size() || (!gap.program && !gap.btf)) return true;
    return std::ranges::any_of(maps, [&](const ShownMap& shown) {
      const catalog::Map& map = *shown.map;
      return gap.program ? std::ranges::find(map.programs, *gap.program) != map.programs.end()
                         : map.btf_id == gap.btf;
    });
  };
  std::vector<std::string> told;
  for (const auto& gap : catalog.gaps)
    if (concerns(gap)) told.push_back(gap.text);
  if (const std::size_t others = catalog.gaps.size() - told.size(); others != 0)
    told.push_back(
        fmt::format("{} in programs and types that none of the maps shown is known to use; without "
                    "{} each is told",
                    counted(others, "gap"), narrowed_by));
  return told;
}

void warn_of_gaps(const catalog::Catalog& catalog, const ShownMaps& maps, const std::string& narrowed_by) {
  for (const auto& gap : gaps_about(catalog, maps, narrowed_by)) spdlog::warn("{}", gap);
}

} // namespace mapscope::pipeline
