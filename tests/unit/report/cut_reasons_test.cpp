// SPDX-License-Identifier: Apache-2.0
// What is said of values that are cut short: a setting that shows more, where there is one.
#include "host/btf/decoder.hpp"
#include "host/report/cut_reasons.hpp"

#include <gmock/gmock.h>

namespace mapscope::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(CutReasons, NothingIsSaidOfWhatIsWhole) { EXPECT_THAT(cut_reasons({}, {}), IsEmpty()); }

TEST(CutReasons, ASettingShowsTheRestOfAnArray) {
  Cuts cuts;
  cuts.longest = 5996;
  EXPECT_THAT(cut_reasons(cuts, {}),
              ElementsAre("of arrays of up to 5996 elements the first 4096 are shown, and not all behind "
                          "them are zero (--set report.array_elements=5996 shows more)"));
  EXPECT_THAT(cut_reasons(cuts, {.nodes = 5000}),
              ElementsAre(HasSubstr("(--set report.array_elements=5996 --set report.nodes=11992 shows")));
  cuts = {};
  cuts.nodes_of_list = 9;
  EXPECT_THAT(cut_reasons(cuts, {.elements = 2}),
              ElementsAre("of lists and trees of up to 9 nodes the first 2 are shown "
                          "(--set report.array_elements=9 shows more)"));
}

TEST(CutReasons, NoSettingIsNamedThatShowsNoMore) {
  Cuts cuts;
  cuts.depth = true;
  EXPECT_THAT(cut_reasons(cuts, {.depth = 5}),
              ElementsAre("what is nested 5 deep is not shown (--set report.depth=32 shows more)"));
  EXPECT_THAT(cut_reasons(cuts, {}), ElementsAre(Not(HasSubstr("report.depth"))));
}

TEST(CutReasons, WhatATextCutsHasSentencesOfItsOwn) {
  Cuts cuts;
  cuts.list = 18, cuts.copies = 64, cuts.bytes = 300;
  EXPECT_THAT(cut_reasons(cuts, {}),
              ElementsAre("lists are not shown to their end, the longest has 18 elements "
                          "(--set report.inside=0 shows more)",
                          "not all of the copies of 64 CPUs are shown (--set report.inside=0 shows them)",
                          "of up to 300 bytes without a type the first 256 are shown (--json shows all)"));
}

} // namespace
} // namespace mapscope::report
