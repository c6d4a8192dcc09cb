// SPDX-License-Identifier: Apache-2.0
// Runs a verified plugin through the rules that every plugin must keep (mapscope/testing/conformance.hpp), on
// made-up maps of the types it attaches to, and compares what it gives in a worker process.
//
// Each rule has a process of its own with limits on time and memory: a plugin that crashes, hangs or ends the
// process costs one rule, and the log says where. One cause is told once: rules that find what one before
// them found are one line, and nothing is run again on a map on which the plugin does not return. Refuses: to
// protect from malice; this is the author's plugin on the author's machine. Thread rule: from a process with
// one thread.
#pragma once

#include "host/plugin/check/check_process.hpp"
#include "host/plugin/select/registry.hpp"

#include <functional>

namespace mapscope::plugin {

/// Calls `say` with the result of each rule as it is known; true when all were kept. P12 warns of attach=
/// lines behind which next to nothing was reached, or on which it always gave up. The plugin is usable.
bool check(const Plugin& plugin, const CheckLimits& limits,
           const std::function<void(const RuleResult&)>& say);

} // namespace mapscope::plugin
