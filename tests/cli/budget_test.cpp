// SPDX-License-Identifier: Apache-2.0
// What ends a render that takes too much, and what does not.
#include "tests/cli/hostile_dump.hpp"

namespace mapscope::cli_test {
namespace {

/// What a budget stops while the plugin still calls helpers stands where nobody stands by, and says so where
/// somebody does.
void expect_stopped(const Words& words, const std::string& status, const std::string& error,
                    unsigned entries) {
  const Dump alone({"hostile"}, words), followed({"hostile", "steady"}, words);
  EXPECT_EQ(text_of(alone.map("victim"), "status"), status);
  EXPECT_EQ(text_of(alone.map("victim"), "error"), error);
  EXPECT_EQ(text_of(alone.map("victim"), "renderer"), "org.example.hostile@6.6.6");
  EXPECT_EQ(alone.map("victim")["entry_count"].GetUint(), entries);
  for (const char* name : {"first", "last"})
    EXPECT_TRUE(followed.map(name) == undisturbed().map(name)) << name;
  EXPECT_TRUE(followed.map("victim")["entries"] == undisturbed().map("victim")["entries"]);
  const std::string word = status == "timed-out" ? status : "failed";
  EXPECT_EQ(text_of(followed.map("victim"), "status"), word);
  EXPECT_THAT(text_of(followed.map("victim"), "error"),
              StartsWith("org.example.hostile@6.6.6 " + word + ": " + error));
}

TEST(HostileBudget, EndlessRows) {
  expect_stopped(and_also(mode_is("endless_rows"), {"--set", "budget.entries=1000"}), "truncated",
                 "stopped after 1000 entries (budget.entries)", 1000);
}

/// However much a plugin has to say, what went wrong is said first, and what a limit did is no trouble.
TEST(HostileNotes, ComeInTheOrderOfTheirWeight) {
  for (const char* isolate : {"all", "none"}) {
    const Dump dump({"hostile", "steady"}, and_also(mode_is("notes", 1), {"--isolate", isolate}));
    const Value& victim = dump.map("victim");
    EXPECT_EQ(text_of(victim, "status"), "partial");
    EXPECT_EQ(text_of(victim, "error"),
              "a gap; 3 of 9 shown; a; b; c; d; e; f; g; h; more notes of its plugin are left out");
    EXPECT_EQ(victim["limits"].Size(), 1U);
    EXPECT_EQ(victim["notes"].Size(), 9U);
    const Dump cut({"hostile", "steady"}, and_also(mode_is("limit", 1), {"--isolate", isolate}));
    EXPECT_EQ(text_of(cut.map("victim"), "status"), "truncated");
    EXPECT_EQ(text_of(cut.map("victim"), "error"), "3 of 9 shown");
  }
}

TEST(HostileBudget, EndlessCalls) {
  expect_stopped(mode_is("endless_reads", 3), "timed-out", "stopped after 400 ms (budget.ms)", 3);
}

TEST(HostileBudget, Nesting) {
  const Words words = and_also(mode_is("nest", 1), {"--set", "budget.nesting=2"});
  expect_stopped(words, "truncated", "stopped at content nested deeper than 2 (budget.nesting)", 1);
  EXPECT_TRUE(Dump({"hostile"}, words).map("victim")["one"]["two"].ObjectEmpty());
}

/// What one map has used is missing to the next.
TEST(ReportBudget, IsOfAllMapsTogether) {
  for (const char* isolate : {"all", "none"}) {
    const Dump dump({"steady"}, {"--jobs", "1", "--isolate", isolate, "--set", "budget.report_entries=15"});
    EXPECT_TRUE(dump.map("first") == undisturbed().map("first"));
    EXPECT_EQ(text_of(dump.map("victim"), "status"), "truncated");
    EXPECT_EQ(text_of(dump.map("victim"), "error"), "stopped after 5 entries (budget.report_entries)");
    EXPECT_EQ(dump.map("victim")["entries"].Size(), 5U);
    EXPECT_EQ(text_of(dump.map("last"), "error"), "stopped after 0 entries (budget.report_entries)");
    EXPECT_FALSE(dump.map("last").HasMember("entries"));
  }
}

TEST(ReportBudget, CountsWhatWasRead) {
  for (const char* isolate : {"all", "none"}) {
    const Dump dump({"steady"},
                    {"--jobs", "1", "--isolate", isolate, "--set", "budget.report_read_bytes=100"});
    EXPECT_EQ(text_of(dump.map("first"), "status"), "complete") << "eighty bytes";
    EXPECT_EQ(text_of(dump.map("victim"), "error"),
              "stopped after reading 20 bytes (budget.report_read_bytes)");
    EXPECT_EQ(dump.map("victim")["entries"].Size(), 2U);
  }
}

constexpr unsigned many = 40'000; // rows that no buffer on their way holds

const Words two_seconds = {"--limit", "0", "--set", "budget.ms=2000"};

/// A person who reads for longer than any map may take finds everything.
TEST(SlowReader, FindsNothingLess) {
  for (const auto& [isolate, jobs] : {std::pair{"all", "2"}, std::pair{"none", "1"}}) {
    const Dump dump(
        {"hostile", "steady"},
        and_also(and_also(mode_is("none", many), two_seconds), {"--isolate", isolate, "--jobs", jobs}),
        {"first", "victim", "last", "victim_b"}, 3);
    for (const char* name : {"victim", "victim_b"}) {
      EXPECT_EQ(text_of(dump.map(name), "status"), "complete") << text_of(dump.map(name), "error");
      EXPECT_EQ(dump.map(name)["entry_count"].GetUint(), many);
    }
    EXPECT_TRUE(dump.map("last") == undisturbed().map("last"));
  }
}

/// A map that is ready waits until the one before it is given up; that is not its own time.
TEST(HostileBudget, TimeOfOneIsNotAnothers) {
  const Words rules = {"--set", R"(map."victim".config.mode="endless_loop")"};
  const Dump dump({"hostile", "steady"},
                  and_also(and_also(mode_is("none", many), two_seconds), and_also(rules, {"--jobs", "2"})),
                  {"first", "victim", "victim_b", "last"});
  EXPECT_EQ(text_of(dump.map("victim"), "status"), "timed-out");
  EXPECT_EQ(text_of(dump.map("victim_b"), "status"), "complete") << text_of(dump.map("victim_b"), "error");
  EXPECT_EQ(dump.map("victim_b")["entry_count"].GetUint(), many);
}

TEST(HostileBudget, AnExceptionAcrossTheBoundary) {
  for (const char* isolate : {"out-of-tree", "none"})
    expect_stopped(and_also(mode_is("throw", 3), {"--isolate", isolate}), "failed",
                   "plugin bug: an exception left render()", 3);
}

TEST(HostileBudget, AMemberThatIsSpeltWrong) {
  for (const char* isolate : {"out-of-tree", "none"})
    expect_stopped(
        and_also(mode_is("misspelt", 3), {"--isolate", isolate}), "failed",
        "the plugin gave up (MSC_ENOENT: a type, member, key or CPU that it asks for is not there); "
        "struct bpf_map has no member max_entris (did you mean max_entries?)",
        3);
}

TEST(HostileInProcess, AHelperFromAnotherThread) {
  expect_stopped(and_also(mode_is("thread", 3), {"--isolate", "none"}), "failed",
                 "plugin bug: a helper called from another thread", 3);
}

} // namespace
} // namespace mapscope::cli_test
