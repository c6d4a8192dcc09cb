// SPDX-License-Identifier: Apache-2.0
// How far a plugin came on made-up maps: what no rule met, no rule has judged.
//
// Thread rule: from a process with one thread.
#pragma once

#include "host/plugin/check/check_process.hpp"
#include "host/plugin/select/registry.hpp"

namespace mapscope::plugin {

/// Of one attach= line: what it asked the host for, and on how many maps it showed something; a warning when
/// that is none, as then little of it was run.
CheckAnswer reach(const Plugin& plugin, std::uint32_t attach, const CheckProgress& progress);

} // namespace mapscope::plugin
