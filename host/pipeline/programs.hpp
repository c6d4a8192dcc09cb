// SPDX-License-Identifier: Apache-2.0
// The programs of a report, and its maps as its first page lists them.
//
// Thread rule: pure.
#pragma once

#include "host/pipeline/shown_map.hpp"

#include <vector>

namespace mapscope::pipeline {

/// Those of `programs` that use one of the maps.
std::vector<catalog::Program> users_of(const ShownMaps& maps, std::vector<catalog::Program> programs);

/// Options with what the programs are called.
report::Options with_names(report::Options options, const std::vector<catalog::Program>& programs);
/// The map in which a scheduler keeps what it has of tasks; null where there is none, or nothing tells.
const catalog::Map* map_of_tasks(const ShownMaps& maps, const std::vector<catalog::Program>& programs);
/// Valid as long as the maps are.
std::vector<report::MapLine> map_lines(const ShownMaps& maps);

} // namespace mapscope::pipeline
