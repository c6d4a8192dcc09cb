// SPDX-License-Identifier: Apache-2.0
// A plugin as JSON: what its manifest says, and whether it may be used.
//
// Refuses: to run anything of it; what is written are the manifest's own words. Thread rule: pure.
#pragma once

#include "host/plugin/select/registry.hpp"
#include "host/report/json_text.hpp"

namespace mapscope::cli {

/// One object. What a manifest need not say is left out, but for lists, which are empty then; without a
/// manifest there is none of it.
void put_plugin(const plugin::Plugin& plugin, report::JsonText& out);

} // namespace mapscope::cli
