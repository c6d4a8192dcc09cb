// SPDX-License-Identifier: Apache-2.0
#include "host/base/clause.hpp"
#include "host/base/glob.hpp"
#include "host/base/hex.hpp"
#include "host/base/utf8.hpp"

#include <array>
#include <gtest/gtest.h>

namespace mapscope {
namespace {

TEST(Glob, MatchesWholeTextOnly) {
  EXPECT_TRUE(glob_match("task_ctx*", "task_ctx_map"));
  EXPECT_TRUE(glob_match("*.bss", "qmap.bss"));
  EXPECT_TRUE(glob_match("a?c", "abc"));
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_FALSE(glob_match("task", "task_ctx"));
  EXPECT_FALSE(glob_match("?", ""));
  EXPECT_FALSE(glob_match("a*b*c", "ab"));
}

TEST(Glob, BacktracksToTheLastStar) {
  EXPECT_TRUE(glob_match("*ab*abc", "aababcabc"));
  EXPECT_FALSE(glob_match("*ab*abd", "aababcabc"));
}

TEST(Glob, ManyStarsStayCheap) {
  const std::string text(4000, 'a');
  EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab", text));
}

TEST(Clauses, StandBehindEachOther) {
  EXPECT_EQ(with_clause("no such map", "see the help"), "no such map; see the help");
  EXPECT_EQ(with_clause("is it complete?", "take it again"), "is it complete? Take it again");
  EXPECT_EQ(with_clause("is it complete?", "--force takes it"), "is it complete? --force takes it");
  EXPECT_EQ(with_clause("", "take it again"), "take it again");
  EXPECT_EQ(with_clause("is it complete?", ""), "is it complete?");
}

TEST(Hex, LowercaseWithSpaces) {
  const std::array bytes{std::byte{0xde}, std::byte{0xad}, std::byte{0x00}, std::byte{0x0f}};
  std::string out = "x";
  append_hex(out, bytes);
  EXPECT_EQ(out, "xde ad 00 0f");
}

TEST(Hex, NoBytesIsNoText) {
  std::string out;
  append_hex(out, {});
  EXPECT_EQ(out, "");
}

struct Utf8Case {
  std::string bytes, expected;
};

class ValidUtf8 : public testing::TestWithParam<Utf8Case> {};

TEST_P(ValidUtf8, ReplacesWhatIsNotText) { EXPECT_EQ(valid_utf8(GetParam().bytes), GetParam().expected); }

constexpr auto replacement = "\xef\xbf\xbd";
INSTANTIATE_TEST_SUITE_P(
    Cases, ValidUtf8,
    testing::Values(
        Utf8Case{"plain", "plain"}, Utf8Case{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        Utf8Case{"\xff", replacement}, Utf8Case{"a\xc3", std::string("a") + replacement},
        Utf8Case{"\xc0\xaf", std::string(replacement) + replacement},                   // overlong
        Utf8Case{"\xed\xa0\x80", std::string(replacement) + replacement + replacement}, // surrogate
        Utf8Case{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},                               // four bytes
        Utf8Case{"\xf4\x90\x80\x80", std::string(replacement) + replacement + replacement + replacement}));

} // namespace
} // namespace mapscope
