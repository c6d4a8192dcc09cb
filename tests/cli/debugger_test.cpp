// SPDX-License-Identifier: Apache-2.0
// gdb at a plugin: a breakpoint by file and line, in this process and in a worker, and a backtrace with
// lines.
#include "tests/cli/hostile_dump.hpp"

namespace mapscope::cli_test {
namespace {

/// The line of the plugin's source that says so.
unsigned line_of(const std::string& words) {
  const std::string source = test::read_file(DEBUGGED_SOURCE);
  const auto at = source.find(words);
  EXPECT_NE(at, std::string::npos) << words;
  return static_cast<unsigned>(std::ranges::count(source.substr(0, at), '\n')) + 1;
}

class Debugger : public testing::TestWithParam<std::string> {};

TEST_P(Debugger, StopsAtALineOfAPlugin) {
  const Scratch scratch;
  const std::string core = scratch.file("core", tiny_core({"first", "victim"}));
  fs::create_directory(scratch / "plugins");
  fs::copy_file(fs::path(HOSTILE_PLUGINS) / "debugged.so", scratch / "plugins" / "debugged.so");
  const unsigned line = line_of("const int given = host->row(");
  // As the guide has it. A debugger takes its time, and the plugin's budget counts it.
  const Ran ran =
      test::run_program("/usr/bin/gdb", {"-batch",       "-nx",
                                         "-ex",          "set debuginfod enabled off",
                                         "-ex",          "set breakpoint pending on",
                                         "-ex",          "set follow-fork-mode child",
                                         "-ex",          fmt::format("break steady.cpp:{}", line),
                                         "-ex",          "run",
                                         "-ex",          "backtrace 1",
                                         "-ex",          "kill",
                                         "--args",       MAPSCOPE_PROGRAM,
                                         "dump",         core,
                                         "-o",           (scratch / "report").string(),
                                         "--plugin-dir", (scratch / "plugins").string(),
                                         "--isolate",    GetParam(),
                                         "--set",        "budget.ms=600000",
                                         "--set",        "plugins.deny=[\"mapscope.builtin.*\"]"});
  EXPECT_THAT(ran.out, testing::ContainsRegex(
                           fmt::format("#0 .*render .*target=0x[0-9a-f]+\\) at .*/steady.cpp:{}", line)))
      << ran.out << ran.err;
}

INSTANTIATE_TEST_SUITE_P(Everywhere, Debugger, testing::Values("none", "all"),
                         [](const auto& info) { return info.param; });

} // namespace
} // namespace mapscope::cli_test
