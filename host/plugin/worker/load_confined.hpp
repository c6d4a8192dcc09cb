// SPDX-License-Identifier: Apache-2.0
// A plugin in a process that has given up what a worker process gives up.
//
// Thread rule: for processes with one thread. There is no way back, whatever the answer.
#pragma once

#include "host/plugin/select/registry.hpp"
#include "host/plugin/worker/sandbox.hpp"

#include <mapscope/plugin.h>

namespace mapscope::plugin {

/// Confines the process, in which `fd` stays open as well, and loads the plugin between the two steps; then
/// `others`, whose own faults are told when they are called.
Result<const msc_plugin*> load_confined(const Plugin& plugin, std::span<const Plugin* const> others, int fd,
                                        Confinement confinement);

} // namespace mapscope::plugin
