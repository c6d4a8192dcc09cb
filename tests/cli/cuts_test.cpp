// SPDX-License-Identifier: Apache-2.0
// What the limits of values leave out: where the report says it, and what --strict makes of it.
#include "tests/cli/mapscope.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/scheduler_core.hpp"

#include <rapidjson/document.h>

namespace mapscope::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A scheduler's section, and what its pointers lead to: eight words of zeros.
Ran dump(const std::string& setting, const Words& more = {}) {
  const test::ScratchFile core(test::scheduler_core({}));
  Words words = {"dump", core.path(), "-q", "--strict", "--set", setting};
  words.insert(words.end(), more.begin(), more.end());
  return run(words);
}

TEST(Cuts, ZerosThatAreLeftOutAreNoLoss) {
  const Ran json = dump("report.array_elements=1", {"-j"}), text = dump("report.array_elements=1");
  const int whole = dump("report.array_elements=8").exit_code;
  EXPECT_EQ(json.exit_code, whole) << json.err;
  EXPECT_EQ(text.exit_code, whole) << text.err;
  EXPECT_THAT(json.out, HasSubstr("\"left_out\":{\"zero\":true}"));
  EXPECT_THAT(text.out, Not(HasSubstr("of 8 shown")));
}

TEST(Cuts, ReachTheStatusInEveryFormat) {
  const std::pair<const char*, const char*> limits[] = {
      {"report.depth=2", "what is nested 2 deep is not shown (--set report.depth=32 shows more)"},
      {"report.nodes=4",
       "where there are more than 4 values the rest is left out (--set report.nodes=40 shows more)"}};
  for (const auto& [setting, sentence] : limits)
    for (const Words& format : {Words{}, Words{"-j"}}) {
      const Ran ran = dump(setting, format);
      EXPECT_EQ(ran.exit_code, 3) << setting << ran.err;
      EXPECT_THAT(ran.out, HasSubstr(format.empty() ? "[truncated] " : "\"status\":\"truncated\""));
      EXPECT_THAT(ran.out, HasSubstr(sentence));
    }
}

/// A text shows of lists what report.inside says; JSON shows all of them.
TEST(Cuts, OfTheTextReachItsStatus) {
  const Words pages = {"--set", "report.arena_bytes=hex"}; // of an arena, of which there are many
  const Ran all = dump("report.inside=0", pages), text = dump("report.inside=1", pages);
  const std::string cut = "lists are not shown to their end, the longest has ";
  EXPECT_THAT(all.out, Not(HasSubstr(cut)));
  EXPECT_THAT(text.out, HasSubstr("shown (report.inside)"));
  EXPECT_THAT(text.out, HasSubstr("  [truncated] " + cut));
  EXPECT_EQ(text.exit_code, 3) << text.err;
  EXPECT_THAT(dump("report.inside=1", {"-j"}).out, Not(HasSubstr(cut)));
}

} // namespace
} // namespace mapscope::cli_test
