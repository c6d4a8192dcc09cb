// SPDX-License-Identifier: Apache-2.0
// One map, by the first plugin that is up to it: in this process, or in a worker process when the plugin is
// not trusted that far. Serves helper calls within the budgets and hands the plugin's rows to a MapWriter.
//
// Thread rule: render() may run on many threads at once, each with its own writer.
#pragma once

#include "host/plugin/call/environment.hpp"
#include "host/plugin/select/registry.hpp"
#include "host/report/writer.hpp"

namespace mapscope::plugin {

class Workers;
struct AllocatorCall;

/// Renders `map`, or an allocator in it, with the best of `choices` (at least one) that comes to its end: of
/// one that gives up, for whatever reason, nothing is shown where another shows the map as a whole. The
/// caller calls writer.begin() before and end() with the returned outcome. Never throws; that a plugin cannot
/// be loaded, fails, crashes or hangs is an outcome, and its status stays also when another plugin then shows
/// the map. Without `workers`, isolated ones fail.
report::Outcome render(const Environment& environment, const catalog::Map& map,
                       std::span<const Choice> choices, report::DraftWriter& writer, Workers* workers,
                       AllocatorCall* allocator = nullptr);

} // namespace mapscope::plugin
