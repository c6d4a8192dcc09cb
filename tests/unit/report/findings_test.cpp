// SPDX-License-Identifier: Apache-2.0
#include "host/report/findings.hpp"

#include "report_text.hpp"

namespace mapscope::report {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> said(const catalog::Map& map, const Outcome& outcome, const Seen& seen = {}) {
  std::vector<std::string> all;
  for (const Finding& finding : findings_of(map, outcome, seen)) {
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
  for (const char* type : {"rhash", "hash_of_maps", "devmap_hash", "sockhash"})
    EXPECT_THAT(said(a_map(type, 2), {Status::complete, "", 2, ""}),
                ElementsAre("warning: m is 100 % full (2 of 2 entries): new keys are refused with E2BIG"));
  for (const char* type : {"queue", "stack"})
    EXPECT_THAT(
        said(a_map(type, 100), {Status::complete, "", 99, ""}),
        ElementsAre(
            "warning: m is 99 % full (99 of 100 entries): new values will soon be refused with E2BIG"));
  EXPECT_THAT(said(a_map("lpm_trie", 5), {Status::complete, "", 5, ""}),
              ElementsAre("warning: m is 100 % full (5 of 5 entries): new prefixes are refused with ENOSPC"));
  for (const char* type : {"devmap", "prog_array", "percpu_array", "stack_trace", "sk_storage"})
    EXPECT_THAT(said(a_map(type, 5), {Status::complete, "", 5, ""}), IsEmpty()) << type;
  EXPECT_THAT(said(a_map("hash", 1), {Status::complete, "", 1, ""}), IsEmpty()) << "it is made for one key";
  EXPECT_EQ(said(a_map("hash", 1), {Status::complete, "", UINT64_MAX, ""}).size(), 1U);
}

TEST(Findings, StackMapsHaveMorePlacesThanEntries) {
  EXPECT_THAT(
      said(a_map("stack_trace", 1000), {Status::complete, "", 1024, ""}),
      ElementsAre("warning: m is 100 % full (1024 of 1024 entries): new stacks are refused with EEXIST "
                  "where another has their place"));
}

TEST(Findings, MoreEntriesThanFit) {
  EXPECT_THAT(said(a_map("hash", 1), {Status::complete, "", 40, ""}),
              ElementsAre("warning: m has 40 entries, and its max_entries is 1: one of the two is damaged"));
  EXPECT_THAT(said(a_map("hash", 100), {Status::complete, "", 101, ""}),
              ElementsAre("warning: m is 101 % full (101 of 100 entries): new keys are refused with E2BIG"))
      << "two CPUs at once";
}

TEST(Findings, OneEntryIsOne) {
  Outcome outcome{Status::complete, "", 1, ""};
  outcome.lost_payloads = 1, outcome.no_payload = "nobody knows";
  EXPECT_THAT(
      said(a_map("hash", 100), outcome),
      ElementsAre("info: m is shown without the payloads of 1 entry among those shown: nobody knows"));
}

TEST(Findings, LruMapsThrowOut) {
  EXPECT_THAT(said(a_map("lru_hash", 4), {Status::complete, "", 4, ""}),
              ElementsAre("info: m is 100 % full (4 of 4 entries): new keys throw out old entries"));
  EXPECT_THAT(
      said(a_map("lru_percpu_hash", 1000), {Status::complete, "", 990, ""}),
      ElementsAre("info: m is 99 % full (990 of 1000 entries): new keys may already throw out old entries"));
}

TEST(Findings, RingsWhoseConsumerLags) {
  const auto ring = a_map("ringbuf", 4096);
  const Outcome fine{Status::complete, "", 3, ""};
  EXPECT_THAT(said(ring, fine, {4096, 3686}), IsEmpty()) << "89 %";
  EXPECT_THAT(said(ring, fine, {4096, 3688}),
              ElementsAre("warning: the consumer of m lags by 90 % of its capacity (3688 of 4096 bytes): "
                          "new records are dropped when it is full"));
  EXPECT_EQ(said(a_map("user_ringbuf", 4096), fine, {4096, 4096}).size(), 1U);
  EXPECT_THAT(said(ring, fine, {4096, 4104}), IsEmpty()) << "no positions of this ring";
  EXPECT_THAT(said(ring, fine, {0, 0}), IsEmpty());
  EXPECT_THAT(said(ring, fine, {4096, std::nullopt}), IsEmpty());
  EXPECT_THAT(said(ring, fine, {std::nullopt, 4096}), IsEmpty());
}

TEST(Findings, RingsThatOverwrite) {
  auto ring = a_map("ringbuf", 4096);
  ring.flag_names = {"BPF_F_RB_OVERWRITE"};
  const Outcome fine{Status::complete, "", 3, ""};
  EXPECT_THAT(said(ring, fine, {4096, 4096}), IsEmpty());
  EXPECT_THAT(said(ring, fine, {4096, 6424}),
              ElementsAre("info: the consumer of m lags by 156 % of its capacity (6424 of 4096 bytes): "
                          "old records were overwritten before they were read"));
}

/// Counts what gets through.
class Passed final : public MapWriter {
public:
  void begin(const catalog::Map& /*map*/) override { ++calls; }
  void begin_allocator(std::string_view, const catalog::Map&) override {}
  void row(const Row& /*row*/) override { ++calls; }
  void field(const Field& /*field*/) override { ++calls; }
  void end(const Outcome& /*outcome*/) override { ++calls; }
  unsigned calls = 0;
};

Field number(std::string_view name, std::uint64_t value) {
  return {.kind = FieldKind::number, .name = name, .number = value, .text = {}, .value = {}};
}
Field step(FieldKind kind, std::string_view name = "") {
  return {.kind = kind, .name = name, .text = {}, .value = {}};
}

TEST(Watch, KeepsTheRingsOwnMembersAndPassesEverythingOn) {
  Passed passed;
  Watch watch(passed);
  watch.begin(a_map("ringbuf"));
  const Field fields[] = {number("capacity", 1),
                          step(FieldKind::object, "ringbuf"),
                          number("capacity", 4096),
                          number("pending_bytes", 40),
                          step(FieldKind::list, "records"),
                          step(FieldKind::object),
                          number("capacity", 2),
                          step(FieldKind::end),
                          step(FieldKind::end),
                          step(FieldKind::end),
                          step(FieldKind::object, "other"),
                          number("pending_bytes", 3),
                          step(FieldKind::end)};
  for (const Field& field : fields) watch.field(field);
  watch.end({});
  EXPECT_EQ(watch.seen().ring_capacity, 4096U);
  EXPECT_EQ(watch.seen().ring_pending, 40U);
  EXPECT_EQ(passed.calls, std::size(fields) + 2);
}

TEST(Watch, MembersOfRowsAreNotTheMaps) {
  Passed passed;
  Watch watch(passed);
  Row row;
  row.open = true;
  watch.row(row);
  for (const Field& field : {step(FieldKind::object, "ringbuf"), number("capacity", 1), step(FieldKind::end),
                             step(FieldKind::end)})
    watch.field(field);
  row.open = false;
  watch.row(row);
  EXPECT_EQ(watch.seen().ring_capacity, std::nullopt);
}

TEST(Findings, Trouble) {
  EXPECT_THAT(said(a_map(), {Status::partial, "", 1, "a page is missing"}),
              ElementsAre("warning: m is shown in part: a page is missing"));
  EXPECT_THAT(said(a_map(), {Status::unreadable, "", {}, ""}), ElementsAre("error: m could not be read"));
  auto nameless = a_map();
  nameless.name = "";
  EXPECT_THAT(said(nameless, {Status::unreadable, "", {}, ""}),
              ElementsAre("error: (no name) could not be read"));
  EXPECT_THAT(said(a_map(), {Status::failed, "", {}, "x"}),
              ElementsAre("error: m could not be shown as a whole: x"));
  EXPECT_THAT(said(a_map(), {Status::crashed, "", {}, ""}), ElementsAre("error: m crashed its plugin"));
  EXPECT_THAT(said(a_map(), {Status::timed_out, "", {}, ""}), ElementsAre("warning: m took too long"));
  EXPECT_EQ(said(a_map("hash", 2), {Status::partial, "", 2, ""}).size(), 2U);
}

TEST(Findings, AMapThatAnotherPluginShows) {
  for (const Status status : {Status::failed, Status::crashed, Status::timed_out}) {
    Outcome outcome{status, "b@1", 3, "a@1 failed: the plugin gave up"};
    EXPECT_THAT(said(a_map(), outcome),
                ElementsAre("warning: m is shown by b@1 in place of another plugin: a@1 failed: the plugin "
                            "gave up"));
    outcome.gave_up = true;
    EXPECT_THAT(said(a_map(), outcome), testing::Not(ElementsAre(testing::HasSubstr("in place of"))));
  }
}

} // namespace
} // namespace mapscope::report
