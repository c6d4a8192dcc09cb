// SPDX-License-Identifier: Apache-2.0
// Who renders each map, and maps that two plugins claim alike.
//
// Refuses: to run a plugin. Thread rule: pure, but for what is said.
#pragma once

#include "host/pipeline/session.hpp"
#include "host/pipeline/setup.hpp"
#include "host/pipeline/shown_map.hpp"

namespace mapscope::pipeline {

/// Of a map whose record is lost nobody is chosen; `reason` says so.
ShownMaps select_all(const Setup& setup, const Session& session,
                     const std::vector<const catalog::Map*>& maps);

/// A few ties by name and the others as a number: one plugin that claims a type may tie for a hundred maps.
void warn_of_ties(const ShownMaps& maps);
/// The same for the report, when the maps have been rendered.
void add_ties(const ShownMaps& maps, std::vector<report::Finding>& findings);

} // namespace mapscope::pipeline
