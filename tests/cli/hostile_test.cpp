// SPDX-License-Identifier: Apache-2.0
// Plugins that do what they must not: each costs its own try at a map, and nothing else.
#include "host/base/sanitized.hpp"
#include "tests/cli/hostile_dump.hpp"

namespace mapscope::cli_test {
namespace {

/// The victim is shown by the one that stands by, and no other map has noticed.
void expect_only_its_own_try(const Dump& dump, const std::string& status, const std::string& error) {
  for (const char* name : {"first", "last"}) EXPECT_TRUE(dump.map(name) == undisturbed().map(name)) << name;
  const Value &victim = dump.map("victim"), &before = undisturbed().map("victim");
  EXPECT_EQ(text_of(victim, "status"), status);
  EXPECT_THAT(text_of(victim, "error"), testing::ContainsRegex(error));
  EXPECT_EQ(text_of(victim, "renderer"), "org.example.steady@1.0.0");
  ASSERT_TRUE(victim.HasMember("entries"));
  EXPECT_TRUE(victim["entries"] == before["entries"]);
}

struct Hostility {
  std::string mode, status, error;
  friend void PrintTo(const Hostility& hostility, std::ostream* out) { *out << hostility.mode; }
};

class Hostile : public testing::TestWithParam<Hostility> {};

TEST_P(Hostile, CostsItsOwnTry) {
  const auto& [mode, status, error] = GetParam();
  expect_only_its_own_try(Dump({"hostile", "steady"}, mode_is(mode, 3)), status,
                          "^org.example.hostile@6.6.6 " + status + ": " + error);
  EXPECT_FALSE(fs::exists("/tmp/mapscope-hostile-file"));
}

INSTANTIATE_TEST_SUITE_P(
    All, Hostile,
    testing::Values(
        Hostility{"null_write", "crashed",
                  "SIGSEGV at address 0x8 in .*write_to_null.*\\+0x[0-9a-f]+ after config\\(\\)"},
        Hostility{"endless_loop", "timed-out", "killed after 400 ms without an end"},
        Hostility{"stack", "crashed", "SIGSEGV at address 0x[0-9a-f]+ in .*use_up_stack.*"},
        // A sanitizer's shadow has no limit, so time ends it; and its search for leaks, at the exit, is
        // forbidden.
        sanitized
            ? Hostility{"memory", "timed-out", "killed after 400 ms without an end"}
            : Hostility{"memory", "crashed", "SIGABRT .*called from .*use_up_memory.* after config\\(\\)"},
        Hostility{"exit", "crashed",
                  sanitized ? "the system call prctl is forbidden" : "its process ended with exit code 0"},
        Hostility{"quick_exit", "crashed", "its process ended with exit code 0"},
        Hostility{"abort", "crashed", "SIGABRT .*called from .*misbehave.* after config\\(\\)"},
        Hostility{"fork", "crashed",
                  "(the system call (clone|fork|clone3) is forbidden"
                  "|its process was ended by SIGSYS: it made a system call that is forbidden)"},
        Hostility{"open", "crashed", "the system call open(at)? is forbidden"},
        Hostility{"read_file", "crashed", "the system call open(at)? is forbidden"},
        Hostility{"thread", "crashed", "(the system call .* is forbidden|its process was ended by SIGSYS)"},
        Hostility{"socket", "crashed", "the system call socket is forbidden"},
        Hostility{"garbage", "failed", "its process sent a frame of unknown kind"},
        Hostility{"long_frame", "failed", "its process sent a frame of 2147483647 bytes"},
        Hostility{"kill_parent", "crashed", "the system call (kill|getppid) is forbidden"},
        Hostility{"kill_all", "crashed", "the system call kill is forbidden"},
        Hostility{"bad_read", "crashed", "SIGSEGV at address 0x8 .*inside read\\(\\)"},
        Hostility{"bad_row", "crashed", "SIGSEGV at address 0x[89a-f] .*inside row\\(\\)"},
        Hostility{"open_row", "crashed", "SIGSEGV at address 0x8 in .*write_to_null.* after field\\(\\)"}),
    [](const auto& info) { return info.param.mode; });

/// The C library prints before it ends the process.
TEST(HostileHeap, IsToldAsWhatItIs) {
  if (sanitized) GTEST_SKIP() << "a sanitizer has a heap of its own";
  expect_only_its_own_try(
      Dump({"hostile", "steady"}, mode_is("double_free", 3)), "crashed",
      "^org.example.hostile@6.6.6 crashed: SIGABRT .*called from .*misbehave.* after config\\(\\)");
}

/// It says that it is done, which it could also say as it should; the next of its maps gets another process.
TEST(HostileEnd, AnEndOfItsOwnMaking) {
  const Dump dump({"hostile", "steady"}, mode_is("forged_end"), {"first", "victim", "last", "victim_b"});
  EXPECT_TRUE(dump.map("first") == undisturbed().map("first"));
  EXPECT_FALSE(dump.map("victim_b").IsNull());
}

TEST(HostileLoad, AConstructorThatCrashes) {
  expect_only_its_own_try(
      Dump({"hostile_load", "steady"}), "crashed",
      "^org.example.hostile_load@6.6.6 crashed: SIGSEGV at address 0x10 in .*at_load.* while it was loaded");
}

/// Sets a variable of the environment while it lives.
class Variable {
public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

private:
  const char* name_;
};

/// Its process is gone before it is asked for anything; what it said on its end is heard all the same.
TEST(HostileLoad, AnEndBeforeTheRequest) {
  (void)undisturbed();
  const Variable preload("LD_PRELOAD", LATE_HOST), order("ASAN_OPTIONS", "verify_asan_link_order=0");
  expect_only_its_own_try(
      Dump({"hostile_load", "steady"}), "crashed",
      "^org.example.hostile_load@6.6.6 crashed: SIGSEGV at address 0x10 in .*at_load.* while it was loaded");
}

/// What a plugin prints is in no report, and costs it nothing.
TEST(HostilePrint, IsNotInTheReport) {
  const Dump isolated({"hostile", "steady"}, mode_is("print", 3));
  EXPECT_EQ(text_of(isolated.map("victim"), "status"), "complete");
  const char* lost = sanitized ? "a line on standard output" : "a line"; // sanitizers report on the other
  EXPECT_THAT(isolated.err(), testing::Not(HasSubstr(lost)));
  const Dump in_process({"hostile", "steady"}, and_also(mode_is("print", 3), {"--isolate", "none"}));
  EXPECT_EQ(text_of(in_process.map("victim"), "status"), "complete");
  EXPECT_THAT(in_process.err(), EndsWith("a line on standard output\na line on standard error\n"));
}

/// Nobody else shows the map: what was there before the crash stands, and what was begun is ended.
TEST(HostileAlone, WhatCameBeforeStands) {
  const Dump dump({"hostile"}, mode_is("open_row", 3));
  const Value& victim = dump.map("victim");
  EXPECT_EQ(text_of(victim, "status"), "crashed");
  EXPECT_EQ(text_of(victim, "renderer"), "org.example.hostile@6.6.6");
  EXPECT_EQ(victim["entries"].Size(), 3U);
  EXPECT_EQ(victim["entry_count"].GetUint(), 3U);
  EXPECT_EQ(victim["torn"].MemberCount(), 0U);
  EXPECT_EQ(text_of(dump.map("first"), "status"), "skipped");
}

TEST(HostileAlone, WhatCameBeforeAKillStands) {
  const Dump dump({"hostile"}, mode_is("endless_loop", 2000));
  EXPECT_EQ(text_of(dump.map("victim"), "status"), "timed-out");
  EXPECT_GT(dump.map("victim")["entries"].Size(), 100U); // but for what was on its way
}

/// The program's own plugin for maps that nobody else shows has next to nothing of them.
TEST(HostileAlone, WhatCameBeforeIsBetterThanTheLastResort) {
  const Words all = {"--set", "plugins.deny=[]"};
  const Dump some({"hostile"}, and_also(mode_is("null_write", 3), all));
  EXPECT_EQ(text_of(some.map("victim"), "renderer"), "org.example.hostile@6.6.6");
  EXPECT_EQ(some.map("victim")["entries"].Size(), 3U);
  const Dump none({"hostile"}, and_also(mode_is("null_write"), all));
  EXPECT_EQ(text_of(none.map("victim"), "status"), "crashed");
  EXPECT_THAT(text_of(none.map("victim"), "renderer"), StartsWith("mapscope.builtin.unknown@"));
  EXPECT_TRUE(none.map("victim").HasMember("container"));
}

/// However much there was of it by then.
TEST(HostileLate, CostsItsOwnTry) {
  expect_only_its_own_try(Dump({"hostile", "steady"}, mode_is("null_write", 4000)), "crashed",
                          "^org.example.hostile@6.6.6 crashed: SIGSEGV .*it had found 4000 entries by then$");
}

TEST(HostileOften, ThreeFailuresAreEnough) {
  const Dump dump({"hostile", "steady"}, and_also(mode_is("null_write"), {"--jobs", "1"}),
                  {"first", "victim", "last", "victim_b", "victim_c", "victim_d", "victim_e"});
  for (const char* name : {"victim", "victim_b", "victim_c"})
    EXPECT_EQ(text_of(dump.map(name), "status"), "crashed") << name;
  for (const char* name : {"victim_d", "victim_e"}) {
    EXPECT_EQ(text_of(dump.map(name), "status"), "complete") << name;
    EXPECT_EQ(note_of(dump.map(name)), "org.example.hostile@6.6.6 is not used any more, it failed 3 times");
    EXPECT_EQ(dump.map(name)["entries"].Size(), 10U);
  }
}

TEST(HostileOften, ThreeFailuresAndNobodyElse) {
  const Dump dump({"hostile"}, and_also(mode_is("null_write"), {"--jobs", "1"}),
                  {"victim", "victim_b", "victim_c", "victim_d"});
  EXPECT_EQ(text_of(dump.map("victim_c"), "status"), "crashed");
  EXPECT_EQ(text_of(dump.map("victim_d"), "status"), "failed");
}

/// Each map's own entry names both; on standard error a few stand for all.
TEST(Ties, AreFewLinesForManyMaps) {
  const Dump dump({"hostile", "later"}, {}, {"victim", "victim_b", "victim_c", "victim_d", "victim_e"});
  for (const char* name : {"victim", "victim_e"}) {
    EXPECT_EQ(text_of(dump.map(name), "status"), "skipped");
    EXPECT_THAT(text_of(dump.map(name), "error"),
                StartsWith("org.example.hostile@6.6.6 and org.example.later@1.0.0 both claim it"));
  }
  EXPECT_THAT(dump.err(), HasSubstr("mapscope: map 3 victim_c: org.example.hostile@6.6.6 and"));
  EXPECT_THAT(dump.err(), testing::Not(HasSubstr("victim_d")));
  EXPECT_THAT(dump.err(),
              EndsWith("mapscope: maps that are claimed twice, beside these: 2; the report says by whom\n"));
}

TEST(LaterMinor, RecordsMayBeLonger) {
  for (const char* isolate : {"none", "all"}) {
    const Dump dump({"later", "steady"}, {"--isolate", isolate});
    EXPECT_EQ(text_of(dump.map("victim"), "status"), "complete") << text_of(dump.map("victim"), "error");
    EXPECT_EQ(dump.map("victim")["told"].GetUint(), 1U);
  }
}

TEST(LaterMinor, WhatIsNotKnownMustBeZero) {
  const Dump dump({"later", "steady"}, {"--set", R"(plugin."org.example.later".says="more")"});
  EXPECT_EQ(text_of(dump.map("victim"), "status"), "failed");
  EXPECT_THAT(text_of(dump.map("victim"), "error"),
              HasSubstr("plugin bug: field() with members that this host does not know"));
}

TEST(LaterMinor, PassesTheSuite) {
  const Ran ran = run({"plugins", "check", std::string(HOSTILE_PLUGINS) + "/later.so"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
}

TEST(Isolation, LeavesTheCLibraryUsable) {
  const Dump dump({"hostile", "steady"}, mode_is("library", 3));
  EXPECT_EQ(text_of(dump.map("victim"), "status"), "complete") << text_of(dump.map("victim"), "error");
}

/// Well-behaved plugins give the same report either way.
TEST(Isolation, ChangesNothing) {
  const Dump here({"steady"}, {"--isolate", "none"}), there({"steady"}, {"--isolate", "all"});
  for (const char* name : {"first", "victim", "last"}) {
    EXPECT_TRUE(here.map(name) == there.map(name)) << name;
    EXPECT_TRUE(here.map(name) == undisturbed().map(name)) << name;
    EXPECT_EQ(text_of(here.map(name), "status"), "complete");
  }
}

} // namespace
} // namespace mapscope::cli_test
