// SPDX-License-Identifier: Apache-2.0
// The options of the two commands that write a report: dump, and report, which takes one that was saved.
//
// Thread rule: one thread, before any command runs.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace mapscope::cli {

struct Words;

void add_dump(CLI::App& app, Words& words);
int run_dump(Words& words);
/// Leaves what to run in `run`.
void add_report(CLI::App& app, Words& words, std::function<int()>& run);

} // namespace mapscope::cli
