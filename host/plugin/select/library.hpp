// SPDX-License-Identifier: Apache-2.0
// Loading a verified plugin. The only place that knows Boost; its exceptions end here.
//
// A loaded library stays until the process ends: C++ libraries with thread-locals or unique symbols do not
// unload reliably. Thread rule: load() may be called from any thread; each plugin is loaded once.
#pragma once

#include "host/plugin/select/registry.hpp"

#include <mapscope/plugin.h>

namespace mapscope::plugin {

/// The sealed copy that was verified is what is loaded. Runs the library's constructors.
Result<const msc_plugin*> load(const Plugin& plugin);
/// From here on this process loads nothing: load() knows what is there.
void load_no_more();

} // namespace mapscope::plugin
