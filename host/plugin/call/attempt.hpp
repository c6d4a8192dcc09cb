// SPDX-License-Identifier: Apache-2.0
// One plugin's try at one map.
//
// Thread rule: plain values.
#pragma once

#include "host/plugin/call/limits.hpp"
#include "host/report/writer.hpp"

namespace mapscope::plugin {

struct Plugin;

struct Attempt {
  report::Outcome outcome; ///< gave_up: another may show more of the map
  bool shows = false;      ///< something of the map has been written
  std::string failure;     ///< what the host saw happen to the plugin, in place of an end of its own
  Used used = {};
  const Plugin* culprit = nullptr; ///< of those that may take part, whose failure it was; null: unknown
};

/// What a plugin that gave up has to do with how the map was shown by the next. A crash, a hang or a plugin's
/// own mistake stays what a person must know. Where memory is missing or a limit is reached, for the next as
/// well, that is so of the map.
inline report::Status status_behind(report::Status first, const report::Outcome& shown) {
  using report::Status;
  if (first != Status::truncated && first != Status::partial && first != Status::unreadable) return first;
  const bool is_of_map =
      shown.gave_up || shown.status == Status::partial || shown.status == Status::unreadable;
  return is_of_map ? shown.status : Status::failed;
}

} // namespace mapscope::plugin
