// SPDX-License-Identifier: Apache-2.0
#include "host/report/findings.hpp"

#include "report_text.hpp"

namespace mapscope::report {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> said(const catalog::Map& map, const Outcome& outcome) {
  std::vector<std::string> all;
  for (const Finding& finding : findings_of(map, outcome)) {
    EXPECT_EQ(finding.map, map.id);
    all.push_back(finding.severity + ": " + finding.text);
  }
  return all;
}

TEST(Findings, NothingAboutWhatIsWell) {
  EXPECT_THAT(said(a_map("hash", 100), {Status::complete, "", 89, ""}), IsEmpty());
  EXPECT_THAT(said(a_map("hash", 100), {Status::complete, "", std::nullopt, ""}), IsEmpty());
  EXPECT_THAT(said(a_map("array", 100), {Status::complete, "", 100, ""}), IsEmpty());
  EXPECT_THAT(said(a_map("hash", 0), {Status::complete, "", 5, ""}), IsEmpty());
  for (const Status status : {Status::truncated, Status::skipped})
    EXPECT_THAT(said(a_map(), {status, "", 1, "why"}), IsEmpty());
}

TEST(Findings, FullMaps) {
  EXPECT_THAT(
      said(a_map("percpu_hash", 100), {Status::complete, "", 90, ""}),
      ElementsAre("warning: m is 90 % full (90 of 100 entries): new keys will soon be refused with E2BIG"));
  EXPECT_THAT(said(a_map("hash", 3), {Status::complete, "", 3, ""}),
              ElementsAre("warning: m is 100 % full (3 of 3 entries): new keys are refused with E2BIG"));
  EXPECT_THAT(said(a_map("lru_hash", 4), {Status::complete, "", 4, ""}),
              ElementsAre("info: m is 100 % full (4 of 4 entries): old entries are being thrown out"));
}

TEST(Findings, Trouble) {
  EXPECT_THAT(said(a_map(), {Status::partial, "", 1, "a page is missing"}),
              ElementsAre("warning: m is shown in part: a page is missing"));
  EXPECT_THAT(said(a_map(), {Status::unreadable, "", {}, ""}), ElementsAre("error: m could not be read"));
  EXPECT_THAT(said(a_map(), {Status::failed, "", {}, "x"}),
              ElementsAre("error: m was given up by its plugin: x"));
  EXPECT_THAT(said(a_map(), {Status::crashed, "", {}, ""}), ElementsAre("error: m crashed its plugin"));
  EXPECT_THAT(said(a_map(), {Status::timed_out, "", {}, ""}), ElementsAre("warning: m took too long"));
  EXPECT_EQ(said(a_map("hash", 1), {Status::partial, "", 1, ""}).size(), 2U);
}

} // namespace
} // namespace mapscope::report
