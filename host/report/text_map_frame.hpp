// SPDX-License-Identifier: Apache-2.0
// What stands before a map's rows, and what behind them tells how it ended.
//
// Refuses: to know of rows. Thread rule: pure.
#pragma once

#include "host/report/writer.hpp"

#include <string>

namespace mapscope::report {

/// As it is where there are no colours.
std::string bold_text(const std::string& text, const Options& options);

/// "map 12 tasks  hash, key 4 B, value 16 B (task_ctx), max_entries 1024, used by sched[3]"; no newline.
std::string map_head(const catalog::Map& map, const Options& options);

/// What went wrong has a line of its own, before what was left out on purpose and what is good to know; ""
/// when there is nothing to say.
std::string end_lines(const Outcome& outcome, const Options& options);

} // namespace mapscope::report
