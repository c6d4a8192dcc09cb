// SPDX-License-Identifier: Apache-2.0
// What watch says after each report: for a terminal, for a pipe, as JSON.
//
// Nothing of the target reaches a terminal unescaped. Thread rule: plain values, pure functions.
#pragma once

#include "host/cli/terminal.hpp"
#include "host/plain/difference.hpp"

#include <string>
#include <vector>

namespace mapscope::cli {

struct WatchRound {
  std::string source;
  double interval = 1; ///< seconds, as asked for
  bool is_first = true;
  double seconds = 0; ///< between the beginnings of the last two reports
  std::string at{};   ///< when this one began: "2026-11-29T23:14:09Z"
  std::size_t parts = 0;
  std::uint64_t entries = 0, compared = 0; ///< the second without those that a limit left out
  std::vector<plain::PartDifference> differences{};

  /// `before` is null for the first.
  void take(const plain::Snapshot* before, const plain::Snapshot& now, double seconds_between);
};

/// Lines of their own, each with its end.
std::string watch_lines(const WatchRound& round);
/// The same from the upper left corner on, as far as there is room.
std::string watch_screen(const WatchRound& round, const Terminal& terminal);
/// One object on one line.
std::string watch_json(const WatchRound& round);

} // namespace mapscope::cli
