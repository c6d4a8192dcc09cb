// SPDX-License-Identifier: Apache-2.0
// Whatever a plugin does: every map has the content that it has without that plugin, and says what happened.
#include "tests/cli/hostile_dump.hpp"

#include <set>

namespace mapscope::cli_test {
namespace {

/// All of a map but how its render went.
void expect_content_of(const Value& map, const Value& before) {
  const std::set<std::string> of_the_render = {"status", "error", "renderer", "stands_in"};
  ASSERT_TRUE(map.IsObject() && before.IsObject());
  EXPECT_EQ(text_of(map, "renderer"), text_of(before, "renderer"));
  for (const auto& [name, value] : before.GetObject())
    EXPECT_TRUE(of_the_render.contains(name.GetString()) || (map.HasMember(name) && map[name] == value))
        << name.GetString();
  for (const auto& member : map.GetObject())
    EXPECT_TRUE(before.HasMember(member.name) || of_the_render.contains(member.name.GetString()))
        << member.name.GetString() << " is left of the plugin that failed";
}

void expect_all_as_without(const Dump& dump, const std::string& status, const std::string& error) {
  for (const char* name : {"first", "last"}) EXPECT_TRUE(dump.map(name) == undisturbed().map(name)) << name;
  const Value& victim = dump.map("victim");
  expect_content_of(victim, undisturbed().map("victim"));
  EXPECT_EQ(text_of(victim, "status"), status);
  EXPECT_THAT(text_of(victim, "error"),
              testing::ContainsRegex("^org.example.[a-z_]+@6.6.6 " + status + ": " + error));
}

struct Way {
  std::string how, error, status = "failed";
  Words more = {};
  friend void PrintTo(const Way& way, std::ostream* out) { *out << way.how; }
};

class Failing : public testing::TestWithParam<Way> {};

TEST_P(Failing, LosesNothingOfTheMap) {
  const auto& [how, error, status, more] = GetParam();
  const std::string option = "plugin.\"org.example.failing\".";
  for (const char* isolate : {"none", "out-of-tree"}) {
    SCOPED_TRACE(isolate);
    const Words words = {"--isolate", isolate, "--set", option + "how=" + how, "--set", "budget.ms=2000"};
    expect_all_as_without(Dump({"failing", "steady"}, and_also(words, more)), status, error);
  }
}

constexpr const char* bug = ".*plugin bug: ";

INSTANTIATE_TEST_SUITE_P(
    Ends, Failing,
    testing::Values(
        Way{"fail", "no such layout is known$"},
        Way{"fail_without_a_word", "the plugin gave up .*: it cannot decode "
                                   "this\\); its plugin does not say why"},
        Way{"fault_of_nothing", "the plugin gave up \\(MSC_EFAULT: memory "
                                "cannot be read\\), without having read any"},
        Way{"gap_without_a_word", "its plugin does not say why"},
        Way{"first_byte", "the plugin read 0x8: unmapped$"}, Way{"no_type", "the plugin gave up"},
        Way{"exception", "plugin bug: an exception left render"},
        Way{"exception_of_another_type", "plugin bug: an exception left render"},
        Way{"invalid", "the plugin gave up"}, Way{"negative_code", "the plugin gave up"},
        Way{"says_it_fails", "no map of ours", "failed", {"--set", "plugin.\"org.example.failing\".rows=0"}},
        Way{"positive_code", "the plugin stopped early"}, Way{"stops_early", "the plugin stopped early"}),
    [](const auto& info) { return info.param.how; });

INSTANTIATE_TEST_SUITE_P(
    Budgets, Failing,
    testing::Values(Way{"all_its_rows", "stopped after 50 entries", "failed", {"--set", "budget.entries=50"}},
                    Way{"all_its_bytes",
                        "stopped at content nested deeper than 3",
                        "failed",
                        {"--set", "budget.nesting=3"}},
                    Way{"all_it_may_read",
                        "stopped after reading 1000 bytes",
                        "failed",
                        {"--set", "budget.read_bytes=1000"}},
                    Way{"notes_for_ever",
                        "stopped after 1000 bytes of keys and values",
                        "failed",
                        {"--set", "budget.bytes=1000"}},
                    Way{"notes_without_end",
                        "stopped after 1000 bytes of keys and values",
                        "failed",
                        {"--set", "budget.bytes=1000"}},
                    Way{"all_its_time", "stopped after 300 ms", "timed-out", {"--set", "budget.ms=300"}}),
    [](const auto& info) { return info.param.how; });

std::vector<Way> misuses() {
  std::vector<Way> all;
  for (const char* how : {"null_row",
                          "row_of_no_size",
                          "row_of_no_shape",
                          "row_of_another_shape",
                          "row_without_a_key",
                          "row_behind_members",
                          "row_in_a_row",
                          "value_behind_rows",
                          "null_field",
                          "field_of_no_kind",
                          "field_without_a_name",
                          "field_with_a_bad_name",
                          "field_with_a_long_name",
                          "end_of_nothing",
                          "name_in_a_list",
                          "note_of_no_code",
                          "note_of_no_error",
                          "string_of_nothing",
                          "string_without_end",
                          "too_deep",
                          "read_of_too_much",
                          "read_into_nothing",
                          "read_from_no_space",
                          "type_of_nothing",
                          "size_of_no_type",
                          "option_of_nobody",
                          "finding_of_no_weight",
                          "count_beyond",
                          "slots_of_a_map"})
    all.push_back({how, bug});
  for (const char* how : {"name_twice", "name_twice_inside", "name_twice_in_a_row"})
    all.push_back({how, ".*plugin bug: field\\(\\) with the name one, that its object has already"});
  for (const char* how :
       {"name_of_a_row", "name_status", "name_entries", "name_findings", "name_name", "name_value"})
    all.push_back({how, ".*plugin bug: field\\(\\) with the name [a-z_]+, that the host gives itself"});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Misuses, Failing, testing::ValuesIn(misuses()),
                         [](const auto& info) { return info.param.how; });

TEST(FailingLoad, ThatNeverEnds) {
  expect_all_as_without(Dump({"hostile_wait", "steady"}, {"--set", "budget.ms=300"}), "timed-out",
                        "killed after 300 ms");
}

TEST(FailingLoad, WithoutAnEntry) {
  for (const char* isolate : {"none", "out-of-tree"})
    expect_all_as_without(Dump({"no_render", "steady"}, {"--isolate", isolate}), "failed",
                          "msc_plugin_v1 is incomplete");
}

Words failing(const std::string& how, unsigned rows) {
  const std::string option = "plugin.\"org.example.failing\".";
  return {"--set", option + "how=" + how, "--set", fmt::format("{}rows={}", option, rows)};
}

/// More than any buffer holds was shown; a person is told, and finds what the next has.
TEST(FailingLate, LosesNothingOfTheMap) {
  for (const char* isolate : {"none", "out-of-tree"}) {
    const Dump dump({"failing", "steady"},
                    and_also(failing("fail", 40'000), {"--limit", "0", "--isolate", isolate}));
    expect_all_as_without(dump, "failed", "no such layout is known; it had found 40000 entries by then");
  }
}

/// What comes to its end is shown as it came, however much it is.
TEST(FailingLate, WhatEndsWellStands) {
  for (const char* isolate : {"none", "out-of-tree"}) {
    const Dump dump({"failing", "steady"},
                    and_also(failing("not_at_all", 40'000), {"--limit", "0", "--isolate", isolate}));
    const Value& victim = dump.map("victim");
    EXPECT_EQ(text_of(victim, "status"), "complete") << text_of(victim, "error");
    ASSERT_EQ(victim["entries"].Size(), 40'000U);
    EXPECT_EQ(victim["entries"][39'999]["value_hex"], "bd d4 01 00 00 00 00 00");
  }
}

/// It may stop where the report does.
TEST(FailingLate, WhatStopsAtTheLimitStands) {
  for (const char* isolate : {"none", "out-of-tree"}) {
    const Dump dump({"failing", "steady"},
                    and_also(failing("stops_early", 5), {"--limit", "5", "--isolate", isolate}));
    EXPECT_EQ(text_of(dump.map("victim"), "status"), "truncated");
    EXPECT_EQ(text_of(dump.map("victim"), "renderer"), "org.example.failing@6.6.6");
  }
}

/// It says that it fails, and shows something all the same.
TEST(FailingHalf, IsShownInPart) {
  for (const char* isolate : {"none", "out-of-tree"}) {
    const Dump dump({"failing", "steady"}, and_also(failing("says_it_fails", 3), {"--isolate", isolate}));
    const Value& victim = dump.map("victim");
    EXPECT_EQ(text_of(victim, "status"), "partial");
    EXPECT_EQ(text_of(victim, "error"), "no map of ours");
    EXPECT_EQ(victim["entries"].Size(), 3U);
  }
}

TEST(FailingNot, AsksForMembersOfBytes) {
  for (const char* isolate : {"none", "out-of-tree"}) {
    const Dump dump({"failing", "steady"}, and_also(failing("asks_of_bytes", 3), {"--isolate", isolate}));
    EXPECT_EQ(text_of(dump.map("victim"), "status"), "complete") << text_of(dump.map("victim"), "error");
  }
}

/// Nobody stands by: what there is of the first stands, of several that fail as well.
TEST(FailingAlone, WhatCameBeforeStands) {
  for (const char* isolate : {"none", "out-of-tree"}) {
    const Dump dump({"failing"}, and_also(failing("fail", 3), {"--isolate", isolate}));
    EXPECT_EQ(text_of(dump.map("victim"), "status"), "failed");
    EXPECT_EQ(dump.map("victim")["entries"].Size(), 3U);
  }
  const Dump both({"failing", "hostile"}, and_also(and_also(failing("fail", 3), mode_is("null_write")),
                                                   {"--set", "plugins.prefer=[\"org.example.failing\"]"}));
  const Value& victim = both.map("victim");
  EXPECT_EQ(text_of(victim, "status"), "failed");
  EXPECT_EQ(text_of(victim, "renderer"), "org.example.failing@6.6.6");
  EXPECT_EQ(victim["entries"].Size(), 3U);
  EXPECT_THAT(text_of(victim, "error"), HasSubstr("; org.example.hostile@6.6.6 crashed: SIGSEGV"));
}

/// What a plugin used up that shows nothing is not missing to those that do.
TEST(FailingBudget, IsNotTheReports) {
  for (const char* isolate : {"none", "out-of-tree"}) {
    const Dump dump({"failing", "steady"},
                    and_also(failing("all_its_rows", 3),
                             {"--jobs", "1", "--isolate", isolate, "--set", "budget.report_entries=30"}));
    expect_all_as_without(dump, "failed", "stopped after 20 entries \\(budget.report_entries\\)");
  }
}

/// Which three is a matter of the maps' order; how many are rendered at a time shows nowhere.
TEST(FailingOften, ThreeTimesWhateverTheJobs) {
  const std::vector<std::string> maps = {"victim",   "victim_b", "victim_c", "victim_d",
                                         "victim_e", "victim_f", "victim_g", "victim_h"};
  for (const unsigned rows : {0U, 3U}) {
    const Words words = mode_is("null_write", rows);
    const Dump one({"hostile", "steady"}, and_also(words, {"--jobs", "1"}), maps);
    const Dump many({"hostile", "steady"}, and_also(words, {"--jobs", "8"}), maps);
    for (const std::string& name : maps) EXPECT_TRUE(one.map(name) == many.map(name)) << name;
    EXPECT_EQ(text_of(one.map("victim_c"), "status"), "crashed");
    EXPECT_EQ(text_of(one.map("victim_d"), "status"), "complete");
  }
}

/// In this process nobody ends it, and each map would cost its whole time.
TEST(FailingOften, ThreeTimesIsEnoughInProcessAsWell) {
  const Dump dump({"failing", "steady"},
                  and_also(failing("all_its_time", 3), {"--jobs", "1", "--isolate", "none", "--set",
                                                        "budget.ms=200", "--map", "victim*"}),
                  {"victim", "victim_b", "victim_c", "victim_d"});
  EXPECT_EQ(text_of(dump.map("victim_c"), "status"), "timed-out");
  EXPECT_EQ(text_of(dump.map("victim_d"), "status"), "complete");
  EXPECT_EQ(note_of(dump.map("victim_d")),
            "org.example.failing@6.6.6 is not used any more, it failed 3 times");
}

} // namespace
} // namespace mapscope::cli_test
