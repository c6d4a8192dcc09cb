// SPDX-License-Identifier: Apache-2.0
// One plugin's try at one map.
//
// Thread rule: plain values.
#pragma once

#include "host/report/writer.hpp"

namespace mapscope::plugin {

struct Attempt {
  /// Nothing: the plugin failed before any of its content was written, and another may show the map.
  std::optional<report::Outcome> outcome;
  report::Status status = report::Status::failed; ///< of one that failed
  std::string failure;                            ///< and what happened to it
};

/// What the host does when a plugin in a worker process fails.
enum class Standby : std::uint8_t {
  none,        ///< nobody else shows the map: what has come of it stands
  last_resort, ///< somebody shows next to nothing of it: better than nothing at all
  renderer,    ///< somebody shows it as a whole
};

} // namespace mapscope::plugin
