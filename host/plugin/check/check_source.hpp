// SPDX-License-Identifier: Apache-2.0
// The rules behind those on made-up maps: on the maps, allocators and parts of the kernel of a source that
// the plugin would get there. What only one of these makes it do is found on that one, and named.
//
// Refuses: to run the plugin in this process. Thread rule: from a process with one thread.
#pragma once

#include "host/plugin/check/environment_of.hpp"
#include "host/plugin/select/registry.hpp"

#include <functional>

namespace mapscope::plugin {

/// P13: each is rendered to its end. P14: two runs give the same. P15: with a limit it is the same up to
/// that. P16, of decoders: nothing of what the renderer behind shows is lost. P17: what each attach= line
/// got. Calls `say` with the results and returns true when all were kept. `plugin` is of the registry.
bool check_on_source(const Plugin& plugin, const EnvironmentOf& environment_of, const config::Config& config,
                     const std::function<void(const RuleResult&)>& say);

} // namespace mapscope::plugin
