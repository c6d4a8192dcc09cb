// SPDX-License-Identifier: Apache-2.0
// Which plugins are loaded beside one in its worker process, to find the elements that it asks for.
//
// What is to run isolated is loaded in the worker alone, as confined as the plugin; the program's own plugins
// otherwise in the process that workers are copies of. Thread rule: pure.
#pragma once

#include "host/plugin/select/registry.hpp"
#include "host/plugin/worker/zygote.hpp"

namespace mapscope::plugin {

/// plugins.isolate: whether this plugin must not run in this process.
bool is_isolated(const Plugin& plugin, const config::Plugins& settings);

Companions companions_of(std::span<const Plugin> plugins, std::span<const Selection> selections,
                         const config::Plugins& settings);

} // namespace mapscope::plugin
