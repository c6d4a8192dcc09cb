// SPDX-License-Identifier: Apache-2.0
// What --where takes: what it means, and what is said of text that means nothing.
#include "host/plain/condition.hpp"

#include <gmock/gmock.h>
#include <map>

namespace mapscope::plain {
namespace {

using testing::HasSubstr;

Scalar number(auto value) {
  Scalar scalar;
  scalar.number = value;
  return scalar;
}
Scalar named(std::uint64_t value, const char* name) {
  Scalar scalar = number(value);
  scalar.set_text(name);
  return scalar;
}
Scalar text(const char* value) {
  Scalar scalar;
  scalar.set_text(value);
  return scalar;
}

const std::map<std::string, Scalar> entry = {{"pid", number(std::uint64_t{12})},
                                             {"huge", number(UINT64_MAX)},
                                             {"nice", number(std::int64_t{-5})},
                                             {"load", number(0.5)},
                                             {"none", number(std::uint64_t{0})},
                                             {"comm", text("kworker/0:1")},
                                             {"empty", text("")},
                                             {"digits", text("12")},
                                             {"state", named(2, "RUNNING")},
                                             {"dead", named(0, "false")},
                                             {"stats.hits[3]", number(std::uint64_t{7})}};

bool holds(const std::string& condition) {
  const auto parsed = Condition::parse(condition);
  EXPECT_TRUE(parsed) << condition << ": " << parsed.error().text;
  return parsed && parsed->holds([&](std::size_t member) -> const Scalar* {
    const auto found = entry.find(parsed->members()[member].text);
    return found != entry.end() ? &found->second : nullptr;
  });
}

std::string problem(const std::string& condition) {
  const auto parsed = Condition::parse(condition);
  EXPECT_FALSE(parsed) << condition;
  return parsed ? "" : parsed.error().text;
}

TEST(Condition, Numbers) {
  for (const char* yes :
       {"pid == 12", "pid==0xc", "pid != 13", "pid < 13", "pid <= 12", "pid > -1", "pid >= 12.0", "nice < 0",
        "nice == -5", "nice < 18446744073709551615", "huge > 9223372036854775807",
        "huge == 0xffffffffffffffff", "load == 0.5", "load < 1", "stats.hits[3] == 7"})
    EXPECT_TRUE(holds(yes)) << yes;
  for (const char* no : {"pid == 13", "pid > 12", "huge == -1", "huge < 0", "nice > 0", "load == 0"})
    EXPECT_FALSE(holds(no)) << no;
}

TEST(Condition, TextsAndNames) {
  for (const char* yes :
       {"comm ~ \"kworker*\"", "comm ~ kworker/?:1", "comm == 'kworker/0:1'", "comm > a", "state == RUNNING",
        "state == 2", "state ~ RUN*", "state != STOPPED", "dead == false", "dead == 0", "digits == 12",
        "pid ~ 1*", "empty == \"\"", "comm == \"kworker\\/0:1\""})
    EXPECT_TRUE(holds(yes)) << yes;
  for (const char* no :
       {"comm == kworker", "state == STOPPED", "state == \"2\"", "dead == true", "comm ~ work*"})
    EXPECT_FALSE(holds(no)) << no;
}

TEST(Condition, AMemberAlone) {
  EXPECT_TRUE(holds("pid") && holds("comm") && holds("!none") && holds("!dead") && holds("!empty"));
  EXPECT_FALSE(holds("none") || holds("dead") || holds("empty") || holds("!pid"));
}

TEST(Condition, BindsAsInC) {
  EXPECT_TRUE(holds("pid == 1 && pid == 1 || pid == 12"));
  EXPECT_FALSE(holds("pid == 1 && (pid == 1 || pid == 12)"));
  EXPECT_TRUE(holds("!(pid == 1) && !!pid"));
  EXPECT_TRUE(holds("!none&&pid==12||none"));
}

/// Nothing is known of it, so neither the one nor the other is true.
TEST(Condition, OfAMemberThatIsNotThere) {
  for (const char* no :
       {"gone", "!gone", "gone == 1", "gone != 1", "!(gone == 1)", "gone == 1 && pid", "pid < x"})
    EXPECT_FALSE(holds(no)) << no;
  EXPECT_TRUE(holds("gone || pid") && holds("!(gone && none)"));
}

TEST(Condition, EachMemberOnce) {
  const auto parsed = Condition::parse("a.b > 1 && (a.b < 9 || c[2])");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->members().size(), 2U);
  EXPECT_EQ(parsed->members()[0].text, "a.b");
  EXPECT_EQ(parsed->members()[1].path[1].index, 2U);
}

TEST(Condition, SaysWhereItGoesWrong) {
  EXPECT_EQ(problem("pid == && x"),
            "expected a number, a word or a text in quotes at character 8, where ^ stands: pid == ^&& x");
  EXPECT_EQ(problem("12 == pid"),
            "a member comes first, as in pid == 12; at character 1, where ^ stands: ^12 == pid");
  EXPECT_EQ(problem(""), "expected a member, such as stats.hits, at character 1, where ^ stands: ^");
  EXPECT_THAT(problem("pid = 12"), HasSubstr("expected ==, !=, <, <=, >, >= or ~ at character 5"));
  EXPECT_THAT(problem("pid & 4"), HasSubstr("at character 5"));
  EXPECT_THAT(problem("(pid == 12"), HasSubstr("a closing bracket at character 11"));
  EXPECT_THAT(problem("pid == 12)"), HasSubstr("expected && or || at character 10"));
  EXPECT_THAT(problem("pid == 12 x"), HasSubstr("expected && or || at character 11"));
  EXPECT_THAT(problem("comm ~ \"kwork"), HasSubstr("a text whose quotes do not end at character 8"));
  EXPECT_THAT(problem("a..b == 1"), HasSubstr("is no path"));
  EXPECT_THAT(problem("a[x] == 1"), HasSubstr("is no path"));
  EXPECT_THAT(problem("x == 1 || " + std::string(500, 'y') + " =! 2"), HasSubstr("...yyy"));
}

TEST(Condition, HostileText) {
  const std::string deep(1000, '('), not_not(1000, '!');
  EXPECT_THAT(problem(deep + "a"), HasSubstr("deeper than 64"));
  EXPECT_THAT(problem(not_not + "a"), HasSubstr("deeper than 64"));
  EXPECT_THAT(problem(std::string(Condition::most_characters + 1, 'a')), HasSubstr("are the most"));
  std::string wide = "none";
  while (wide.size() < 60000) wide += " || none";
  EXPECT_FALSE(holds(wide));
  EXPECT_TRUE(holds(wide + "||pid"));
  EXPECT_FALSE(holds("pid == 99999999999999999999999999"));
  EXPECT_THAT(problem("pid == 0x"), HasSubstr("behind 0x"));
}

TEST(ConditionText, RefusesWhatOnlyLooksLikeANumber) {
  for (const char* text : {"a < 0x10000000000000000", "a == 0x", "a == 0xfg"}) {
    const auto none = Condition::parse(text);
    ASSERT_FALSE(none) << text;
    EXPECT_THAT(none.error().text, testing::HasSubstr("behind 0x")) << text;
  }
  for (const char* text : {"a == 12abc", "a > 1_000", "a != -3x", "b == 1 && a == .5.", "a < 10.0.0.1"}) {
    const auto none = Condition::parse(text);
    ASSERT_FALSE(none) << text;
    EXPECT_THAT(none.error().text, testing::HasSubstr(" is no number; a text stands in quotes;")) << text;
  }
  EXPECT_TRUE(Condition::parse("a == \"12abc\" || a ~ 12abc* || a == -half"));
  EXPECT_TRUE(Condition::parse("a ~ 0xff*"));
  EXPECT_TRUE(Condition::parse("a == 0xffffffffffffffff && b == \"0xfg\""));
}

} // namespace
} // namespace mapscope::plain
