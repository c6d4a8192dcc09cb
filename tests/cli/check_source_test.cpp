// SPDX-License-Identifier: Apache-2.0
// plugins check FILE SOURCE: what a plugin does on the maps that it would get of a source.
#include "tests/cli/hostile_dump.hpp"
#include "tests/support/scheduler_core.hpp"

namespace mapscope::cli_test {
namespace {

/// `plugins check` of one of hostile/ on a kernel with these maps; the built-ins do not render hash maps.
class Checked {
public:
  explicit Checked(const std::string& plugin, const std::vector<std::string>& maps, const Words& more = {}) {
    const Scratch scratch;
    fs::create_directory(scratch / "plugins");
    fs::copy_file(fs::path(HOSTILE_PLUGINS) / "steady.so", scratch / "plugins" / "steady.so");
    Words words = {"plugins",
                   "check",
                   fs::path(HOSTILE_PLUGINS) / (plugin + ".so"),
                   scratch.file("core", tiny_core(maps)),
                   "--plugin-dir",
                   (scratch / "plugins").string(),
                   "--set",
                   "plugins.deny=[\"mapscope.builtin.*\"]",
                   "--set",
                   "budget.ms=400"};
    test::Streams streams;
    streams.seconds = 60;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ran_ = test::run_program(MAPSCOPE_PROGRAM, and_also(words, more), streams);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process is left";
    EXPECT_EQ(ran_.err, "");
  }

  [[nodiscard]] const Ran& ran() const { return ran_; }
  [[nodiscard]] int exit_code() const { return ran_.exit_code; }
  /// What the lines of one rule say, each "verdict text"; one of P14 says nothing of P1.
  [[nodiscard]] std::vector<std::string> lines(const std::string& rule) const {
    std::vector<std::string> found;
    for (std::size_t at = 0; at < ran_.out.size();) {
      const std::string line = ran_.out.substr(at, ran_.out.find('\n', at) - at);
      at += line.size() + 1;
      if (!line.starts_with(rule + " ")) continue;
      const auto verdict = line.substr(rule.size()).find_first_not_of(' ') + rule.size();
      const auto blank = line.find(' ', verdict);
      found.push_back(line.substr(verdict, blank - verdict) + " " +
                      line.substr(std::min(line.find_first_not_of(' ', blank), line.size())));
    }
    return found;
  }
  [[nodiscard]] std::string line(const std::string& rule) const {
    const auto all = lines(rule);
    EXPECT_EQ(all.size(), 1U) << rule << "\n" << ran_.out;
    return all.empty() ? "" : all.front();
  }

private:
  Ran ran_;
};

TEST(CheckSource, APluginInNoDirectoryIsChosen) {
  const Checked check("picky", {"first", "last"});
  EXPECT_EQ(check.exit_code(), 0) << check.ran().out;
  EXPECT_EQ(check.line("P13"), "ok in a worker process it comes to its end on all that it would get: 2 "
                               "targets");
  EXPECT_EQ(check.line("P14"), "ok two runs give the same: 2 targets");
  EXPECT_EQ(check.line("P15"),
            "ok with --limit 3 it gives the same up to there, and the same numbers: 2 targets");
  EXPECT_TRUE(check.lines("P16").empty()) << "it is no decoder";
  EXPECT_THAT(check.lines("P17"),
              testing::ElementsAre(
                  "ok attach=map-type:hash prio=500: it gets 2 targets (2 hash): 2 rendered completely, "
                  "20 entries",
                  "warning attach=value-type:struct task_ctx: none of the 2 maps; no map has a value type",
                  "ok in all it gets 2 targets (2 hash): 2 rendered completely, 20 entries"));
  for (int rule = 1; rule <= 12; ++rule)
    EXPECT_FALSE(check.lines("P" + std::to_string(rule)).empty()) << "rules on made-up maps stay";
}

TEST(CheckSource, ACrashOnOneMapIsNamed) {
  const Checked check("picky", {"first", "victim", "last"});
  EXPECT_EQ(check.exit_code(), 1);
  EXPECT_THAT(check.line("P13"),
              testing::ContainsRegex("^FAILED map 2 victim \\(hash\\): crashed: SIGSEGV at address 0x8 in "
                                     ".*write_to_null.* after read\\(\\)"));
  EXPECT_THAT(check.line("P14"), StartsWith("ok ")) << "the others go on";
  EXPECT_THAT(check.lines("P17").front(),
              EndsWith("it gets 3 targets (3 hash): 2 rendered completely, 1 not, 20 entries"));
  EXPECT_THAT(check.ran().out, EndsWith("picky.so: does not keep the contract\n"));
  for (int rule = 1; rule <= 11; ++rule)
    EXPECT_THAT(check.line("P" + std::to_string(rule)), StartsWith("ok ")) << "no made-up map shows it";
}

TEST(CheckSource, EachFaultHasItsLine) {
  const Checked check("picky", {"victim", "refused", "restless"});
  EXPECT_EQ(check.exit_code(), 1);
  EXPECT_THAT(check.lines("P13"),
              testing::ElementsAre(StartsWith("FAILED map 1 victim (hash): crashed: SIGSEGV"),
                                   "FAILED map 2 refused (hash): failed: no map of ours"));
  EXPECT_EQ(check.line("P14"),
            "FAILED map 3 restless (hash): two runs differ: \"row 00 00 00 00: 01 00 00 00 00 00 00 00\" "
            "first, \"row 00 00 00 00: 02 00 00 00 00 00 00 00\" then");
}

/// Each costs all the time of a map.
TEST(CheckSource, OneThatHangsIsLeftAlone) {
  const Checked one("picky", {"first", "endless"});
  EXPECT_THAT(one.line("P13"),
              testing::ContainsRegex("^FAILED map 2 endless \\(hash\\): timed-out: killed after 400 "
                                     "ms without an end \\(budget.ms\\) .*render"));
  const Checked all("hostile", {"victim_a", "victim_b", "victim_c", "victim_d", "victim_e"},
                    {"--set", "plugin.\"org.example.hostile\".mode=endless_loop"});
  ASSERT_EQ(all.lines("P13").size(), 4U) << all.ran().out;
  EXPECT_EQ(all.lines("P13").back(), "warning not run on 2 more: it does not end in time on 3");
}

TEST(CheckSource, WhatADecoderLosesIsNamed) {
  const Checked all("picky500", {"first", "last"});
  EXPECT_EQ(all.exit_code(), 0) << all.ran().out;
  EXPECT_EQ(all.line("P16"), "ok nothing of what is shown without it is lost: 1 map");
  const Checked some("picky5", {"first", "last"});
  EXPECT_EQ(some.exit_code(), 1);
  EXPECT_EQ(some.line("P16"),
            "FAILED map 1 first (hash): org.example.steady@1.0.0 shows 10 entries alone, and 5 with it");
}

/// It may leave out what it does not want shown, and add to the rest.
TEST(CheckSource, WhatADecoderLeavesOutIsNotLost) {
  for (const char* mode : {"leaves_out", "nothing"}) {
    const Checked check("hostile_decoder", {"first", "victim"}, mode_is(mode, 7));
    EXPECT_THAT(check.line("P13"), StartsWith("ok ")) << check.ran().out;
    EXPECT_EQ(check.line("P16"), "ok nothing of what is shown without it is lost: 1 map");
  }
}

TEST(CheckSource, NothingForIt) {
  const Checked check("picky500", {"fast", "last", "victor"});
  EXPECT_EQ(check.exit_code(), 0) << check.ran().out;
  EXPECT_EQ(check.line("P13"),
            "warning the source has nothing for it, so it was not run there: attach=map-name:first*,victim* "
            "mode=element: none of the 3 maps; the nearest map name that there is: fast");
  EXPECT_TRUE(check.lines("P14").empty());
  EXPECT_TRUE(check.lines("P17").empty());
  EXPECT_THAT(check.ran().out,
              EndsWith(": keeps the contract as far as it was run; the warnings say where it was not\n"));
}

TEST(CheckSource, OneThatStandsByIsTold) {
  const Checked check("steady", {"first"}, {"--set", "map.\"first\".use=\"org.example.steady\""});
  EXPECT_THAT(check.lines("P17").front(), HasSubstr("it gets 1 target (1 hash): 1 rendered completely"));
  const Checked behind("picky", {"first"}, {"--set", "map.\"first\".use=\"org.example.steady\""});
  EXPECT_THAT(behind.line("P13"),
              HasSubstr("attach=map-type:hash prio=500: 1 target for it, but org.example.steady@1.0.0 "
                        "(configuration --set map.\"first\".use=\"org.example.steady\") goes before it"));
}

/// Of an older build in a plugin directory nothing is run.
TEST(CheckSource, TakesThePlaceOfItsId) {
  const Checked check("steady", {"first"});
  EXPECT_THAT(check.line("P13"), StartsWith("ok "));
}

/// A plugin of the program's own, which is in its directory as well; what it reads are variables.
TEST(CheckSource, AllocatorsAreReadToo) {
  const test::ScratchFile core{test::scheduler_core({})};
  const Ran ran = test::run_program(
      MAPSCOPE_PROGRAM, {"plugins", "check", std::string(MAPSCOPE_PLUGINS) + "/sdt_alloc.so", core.path()},
      {.seconds = 60});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(ran.out, testing::ContainsRegex("P13 +ok +in a worker process .*: 3 targets\n"));
  EXPECT_THAT(ran.out, testing::ContainsRegex("P14 +ok +two runs give the same: 3 targets\n"));
  EXPECT_THAT(ran.out, HasSubstr("it gets 3 targets (3 allocator): 3 rendered completely, 5 entries"));
}

TEST(CheckSource, WhatIsWrongWithTheSourceComesFirst) {
  const std::string file = fs::path(HOSTILE_PLUGINS) / "picky.so";
  EXPECT_EQ(failure({"plugins", "check", file, "/nonexistent"}, 1),
            "/nonexistent: cannot open: No such file or directory; check the path");
  EXPECT_EQ(misuse({"plugins", "check", file, "--vmlinux", "x"}),
            "--vmlinux requires SOURCE; see mapscope plugins check --help");
  const Scratch scratch;
  const std::string core = scratch.file("core", tiny_core({"first"}));
  EXPECT_THAT(failure({"plugins", "check", file, core, "--vmlinux", "/nonexistent"}, 1),
              HasSubstr("/nonexistent"));
}

} // namespace
} // namespace mapscope::cli_test
