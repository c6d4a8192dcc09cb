// SPDX-License-Identifier: Apache-2.0
// Decoders that do what they must not: no map has less than it has without them.
#include "host/base/sanitized.hpp"
#include "tests/cli/hostile_dump.hpp"

namespace mapscope::cli_test {
namespace {

using testing::HasSubstr;

constexpr unsigned wrong_at = 4;

/// As without the decoder, but for what it may have added.
void expect_all_entries(const Dump& dump) {
  const Value &victim = dump.map("victim"), &before = undisturbed().map("victim");
  ASSERT_TRUE(victim.HasMember("entries")) << text_of(victim, "error");
  ASSERT_EQ(victim["entries"].Size(), before["entries"].Size());
  for (unsigned i = 0; i < before["entries"].Size(); ++i)
    for (const auto& member : before["entries"][i].GetObject()) {
      ASSERT_TRUE(victim["entries"][i].HasMember(member.name)) << i << member.name.GetString();
      EXPECT_TRUE(victim["entries"][i][member.name] == member.value) << i << member.name.GetString();
    }
  EXPECT_TRUE(victim["entry_count"] == before["entry_count"]);
  for (const char* name : {"first", "last"}) EXPECT_TRUE(dump.map(name) == undisturbed().map(name)) << name;
}

struct Hostility {
  std::string mode, status, words;
  bool decodes = true; ///< the others have what it adds
  friend void PrintTo(const Hostility& hostility, std::ostream* out) { *out << hostility.mode; }
};

std::string words_of(const Value& map) {
  return text_of(map, "error") + (map.HasMember("notes") ? note_of(map) : "");
}

class HostileDecoder : public testing::TestWithParam<Hostility> {};

TEST_P(HostileDecoder, TakesNothingFromTheMap) {
  const auto& [mode, status, words, decodes] = GetParam();
  const Dump dump({"hostile_decoder", "steady"}, mode_is(mode, wrong_at));
  expect_all_entries(dump);
  const Value& victim = dump.map("victim");
  EXPECT_EQ(text_of(victim, "status"), status) << words_of(victim);
  EXPECT_THAT(words_of(victim), testing::ContainsRegex(words));
  EXPECT_EQ(victim["entries"][0].HasMember("fine"), decodes) << words_of(victim);
  EXPECT_EQ(text_of(victim, "renderer"), decodes ? "org.example.hostile@6.6.6" : "org.example.steady@1.0.0");
}

INSTANTIATE_TEST_SUITE_P(
    EndsItsProcess, HostileDecoder,
    testing::Values(Hostility{"null_write", "crashed", "SIGSEGV at address 0x8 in .*write_to_null", false},
                    Hostility{"endless_loop", "timed-out", "killed after 400 ms without an end", false},
                    Hostility{"endless_reads", "timed-out", "stopped after 400 ms", false},
                    Hostility{"endless_walks", "timed-out", "stopped after 400 ms", false},
                    Hostility{"stack", "crashed", "SIGSEGV at address .*use_up_stack", false},
                    Hostility{"quick_exit", "crashed", "its process ended with exit code 0", false},
                    Hostility{"open", "crashed", "the system call open(at)? is forbidden", false},
                    Hostility{"socket", "crashed", "the system call socket is forbidden", false},
                    Hostility{"kill_parent", "crashed", "the system call (kill|getppid) is forbidden", false},
                    Hostility{"garbage", "failed", "its process sent a frame of unknown kind", false},
                    Hostility{"crashes_late", "crashed", "SIGSEGV at address 0x8", false},
                    Hostility{"bad_read", "crashed", "SIGSEGV at address 0x8 .*inside read", false}),
    [](const auto& info) { return info.param.mode; });

INSTANTIATE_TEST_SUITE_P(
    BreaksTheContract, HostileDecoder,
    testing::Values(Hostility{"leaves_out_late", "failed", "leaves out a row behind a field", false},
                    Hostility{"ends_row", "failed", "ends the row it was given", false},
                    Hostility{"open_object", "failed", "leaves an object or a list open", false},
                    Hostility{"takes_name", "failed", "the name value, that the host gives itself", false},
                    Hostility{"repeats", "failed", "the name one, that its object has already", false},
                    Hostility{"nested", "failed", "elements\\(\\) inside the function for each element",
                              false},
                    Hostility{"row", "failed", "row\\(\\) by a plugin of mode=element", false},
                    Hostility{"count", "failed", "count\\(\\) by a plugin of mode=element", false},
                    Hostility{"early_field", "failed", "MSC_ROWS behind members of the map", false},
                    Hostility{"twice", "failed", "MSC_ROWS once more", false},
                    Hostility{"throw", "failed", "an exception left the function for each element", false},
                    Hostility{"fails_late", "failed", "MSC_EFAIL", false}),
    [](const auto& info) { return info.param.mode; });

INSTANTIATE_TEST_SUITE_P(
    FailsForOneElement, HostileDecoder,
    testing::Values(Hostility{"fails", "complete", "1 of 10 elements are without all .* because: of no use"},
                    Hostility{"misspelt", "complete", "did you mean max_entries"},
                    Hostility{"code", "complete", "1 of 10 elements"},
                    Hostility{"unreadable", "partial", "1 of 10 elements .* at 0x10"},
                    Hostility{"stops", "complete", ""}, Hostility{"scribbles", "complete", ""},
                    Hostility{"print", "complete", ""}, Hostility{"library", "complete", ""}),
    [](const auto& info) { return info.param.mode; });

TEST(Decoder, WhatItLeavesOutIsCounted) {
  const Dump dump({"hostile_decoder", "steady"}, mode_is("leaves_out", wrong_at));
  const Value& victim = dump.map("victim");
  EXPECT_EQ(victim["entries"].Size(), 9U);
  EXPECT_EQ(victim["entry_count"].GetUint(), 10U);
  EXPECT_EQ(text_of(victim, "status"), "complete");
  EXPECT_EQ(note_of(victim), "1 of 10 entries are left out by org.example.hostile@6.6.6");
}

TEST(Decoder, ItsAuthorIsToldWhatItAskedForInVain) {
  const Dump dump({"hostile_decoder", "steady"}, and_also(mode_is("misspelt", wrong_at), {"-v"}));
  EXPECT_THAT(dump.err(), HasSubstr("org.example.hostile@6.6.6, map 2: asked in vain, last for: "));
}

TEST(Decoder, RowsItDoesNotAskForAreThere) {
  const Dump dump({"hostile_decoder", "steady"}, mode_is("no_rows"));
  const Value& victim = dump.map("victim");
  EXPECT_TRUE(victim["entries"] == undisturbed().map("victim")["entries"]);
  EXPECT_EQ(text_of(victim, "renderer"), "org.example.hostile@6.6.6");
}

TEST(Decoder, GivesTheSameWithoutAProcessOfItsOwn) {
  const Words mode = mode_is("leaves_out", wrong_at);
  const Dump one({"hostile_decoder", "steady"}, mode);
  const Dump other({"hostile_decoder", "steady"}, and_also(mode, {"--isolate", "none"}));
  EXPECT_TRUE(one.map("victim") == other.map("victim"));
}

/// The limit counts rows that are shown; each() sees all.
TEST(Decoder, SeesWhatIsBeyondTheLimit) {
  const Dump dump({"hostile_decoder", "steady"}, and_also(mode_is("leaves_out", 8), {"--limit", "3"}));
  const Value& victim = dump.map("victim");
  EXPECT_EQ(victim["entries"].Size(), 3U);
  EXPECT_EQ(victim["entry_count"].GetUint(), 10U);
  EXPECT_EQ(text_of(victim, "status"), "truncated");
}

/// The row that a budget has no room for was never opened, and the decoder is not to blame.
TEST(Decoder, ASpentBudgetIsNoBugOfIts) {
  for (const char* isolate : {"none", "out-of-tree"})
    for (const char* budget : {"budget.entries=5", "budget.bytes=60"}) {
      const Dump dump({"hostile_decoder", "steady"},
                      and_also(mode_is("nothing"), {"--set", budget, "--isolate", isolate}));
      const std::string words = words_of(dump.map("victim"));
      EXPECT_THAT(words, HasSubstr("(budget.")) << budget;
      EXPECT_THAT(words, testing::Not(HasSubstr("plugin bug"))) << budget;
      EXPECT_THAT(words, testing::Not(HasSubstr("do not let pass"))) << budget;
    }
}

TEST(Decoder, APersonsWordKeepsItOut) {
  const Dump dump({"hostile_decoder", "steady"}, {"--set", R"(map.victim.use="org.example.steady")"});
  EXPECT_TRUE(dump.map("victim")["entries"] == undisturbed().map("victim")["entries"]);
  EXPECT_EQ(text_of(dump.map("victim"), "renderer"), "org.example.steady@1.0.0");
}

/// What one decoder fails with is told of it alone, and costs what it adds and nothing of another's.
TEST(TwoDecoders, AFailureIsItsOwn) {
  for (const char* mode : {"nested", "throw", "early_field", "fails_late"}) {
    SCOPED_TRACE(mode);
    const Dump dump({"good_decoder", "hostile_decoder", "steady"}, mode_is(mode, wrong_at));
    expect_all_entries(dump);
    const Value& victim = dump.map("victim");
    EXPECT_EQ(text_of(victim, "renderer"), "org.example.good@1.0.0");
    EXPECT_THAT(words_of(victim), HasSubstr("org.example.hostile@6.6.6 failed: "));
    EXPECT_THAT(words_of(victim), testing::Not(HasSubstr("org.example.good")));
    for (const auto& entry : victim["entries"].GetArray()) EXPECT_TRUE(entry.HasMember("good"));
  }
}

/// Whatever ends the process that they share: who did it takes part no more, and the other decodes on.
TEST(TwoDecoders, TheOneThatEndsTheirProcessIsLeftOut) {
  const std::pair<const char*, const char*> ends[] = {
      {"null_write", "crashed: SIGSEGV at address 0x8 in .*write_to_null"},
      {"endless_loop", "timed-out: killed after 400 ms without an end \\(budget.ms\\) in .*misbehave"},
      {"stack", "crashed: SIGSEGV at address .*use_up_stack"},
      {"quick_exit", "crashed: its process ended with exit code 0"},
      {"open", "crashed: the system call open(at)? is forbidden"},
      {"garbage", "failed: its process sent a frame of unknown kind"}};
  for (const auto& [mode, words] : ends) {
    SCOPED_TRACE(mode);
    const Dump dump({"good_decoder", "hostile_decoder", "steady"}, mode_is(mode, wrong_at));
    expect_all_entries(dump);
    const Value& victim = dump.map("victim");
    EXPECT_EQ(text_of(victim, "renderer"), "org.example.good@1.0.0");
    EXPECT_THAT(words_of(victim), testing::ContainsRegex(std::string("^org.example.hostile@6.6.6 ") + words));
    EXPECT_THAT(words_of(victim), testing::Not(HasSubstr("org.example.good")));
    for (const auto& entry : victim["entries"].GetArray()) EXPECT_TRUE(entry.HasMember("good"));
  }
}

} // namespace
} // namespace mapscope::cli_test
