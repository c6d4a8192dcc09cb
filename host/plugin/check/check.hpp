// SPDX-License-Identifier: Apache-2.0
// Runs a verified plugin through the rules that every plugin must keep (mapscope/testing/conformance.hpp), on
// made-up maps of the types it attaches to, and compares what it gives in a worker process.
//
// Each rule has a process of its own with a time limit: a plugin that crashes, hangs or ends the process
// costs one rule, and the log says where. Refuses: to protect from malice; this is the author's plugin on the
// author's machine. Thread rule: from a process with one thread.
#pragma once

#include "host/plugin/select/registry.hpp"

#include <chrono>
#include <functional>

namespace mapscope::plugin {

struct CheckLimits {
  std::chrono::milliseconds time_per_rule{};
  std::uint64_t worker_memory = 0; ///< bytes, as budget.memory
};

/// Calls `say` with the result of each rule as it is known; true when all were kept. The plugin is usable.
bool check(const Plugin& plugin, const CheckLimits& limits,
           const std::function<void(const RuleResult&)>& say);

} // namespace mapscope::plugin
