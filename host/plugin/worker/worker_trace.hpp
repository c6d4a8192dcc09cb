// SPDX-License-Identifier: Apache-2.0
// The helper table that remembers where a plugin is, for the moment it crashes.
//
// Thread rule: one plugin, one thread; the trace is of the process.
#pragma once

#include <mapscope/plugin.h>

#include <cstdint>
#include <string_view>

namespace mapscope::plugin {

struct Trace {
  volatile std::int32_t helper = -1; ///< index of the helper called last; -1: none
  volatile bool inside = false;      ///< it has not returned
  std::uint32_t stops = 0;           ///< helpers that returned MSC_STOP
  /// Called for a plugin that goes on and on behind MSC_STOP. Does not return.
  void (*give_up)(msc_call*) = nullptr;
};
extern Trace trace;

/// host_table() with a trace.
const msc_host& traced_table();
/// "read"; "" when there is no such helper.
std::string_view helper_name(std::int32_t index);

} // namespace mapscope::plugin
