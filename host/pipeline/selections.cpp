// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/selections.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace mapscope::pipeline {

namespace {

constexpr std::size_t most_ties = 3;

std::string shown_by(const ShownMap& shown) {
  const std::string& renderer = shown.outcome.renderer;
  return renderer.empty() ? "not shown" : "shown by " + renderer;
}

} // namespace

ShownMaps select_all(const Setup& setup, const Session& session,
                     const std::vector<const catalog::Map*>& maps) {
  ShownMaps all;
  all.reserve(maps.size());
  for (const catalog::Map* map : maps)
    all.push_back({map, map->is_read
                            ? setup.registry.select(*map, *session.kernel, setup.loaded.config)
                            : plugin::Selection{{}, map->problem.value_or("its record is lost"), false}});
  return all;
}

void warn_of_ties(const ShownMaps& maps) {
  std::size_t ties = 0;
  for (const auto& [map, selection, outcome, seen] : maps)
    if (selection.tie)
      spdlog::log(++ties <= most_ties ? spdlog::level::warn : spdlog::level::info, "map {} {}: {}", map->id,
                  map->names().longest(), selection.reason);
  if (ties > most_ties)
    spdlog::warn("maps that are claimed twice, beside these: {}; the report says by whom", ties - most_ties);
}

void add_ties(const ShownMaps& maps, std::vector<report::Finding>& findings) {
  std::size_t ties = 0;
  for (const ShownMap& shown : maps)
    if (shown.selection.tie && ++ties <= most_ties)
      findings.push_back({"warning", shown.map->id,
                          fmt::format("{} is {}: {}", shown.map->names().longest(), shown_by(shown),
                                      shown.selection.reason)});
  if (ties > most_ties)
    findings.push_back(
        {"warning", std::nullopt,
         fmt::format("maps that are claimed twice, beside these: {}; the entry of each says by whom",
                     ties - most_ties)});
}

} // namespace mapscope::pipeline
