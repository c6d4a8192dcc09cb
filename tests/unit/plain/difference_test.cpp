// SPDX-License-Identifier: Apache-2.0
#include "host/plain/difference.hpp"
#include "report.hpp"

namespace mapscope::plain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string entry(unsigned key, const std::string& value) {
  return R"({"key":)" + uint(key) + R"(,"key_hex":")" + std::to_string(key) + R"(","value":)" + value +
         R"(,"value_hex":"00"})";
}

Snapshot hash_with(const std::string& entries, const std::string& status = "complete") {
  return snapshot_of(parsed(R"({"maps":[{"name":"h","id":7,"type_name":"hash","refcnt":3,"status":")" +
                            status + R"(","entries":[)" + entries + "]}]}"));
}

TEST(Difference, OfTheSameIsNone) {
  const auto one = hash_with(entry(1, uint(5)));
  EXPECT_THAT(difference(one, one), IsEmpty());
}

TEST(Difference, OfEntries) {
  const auto before = hash_with(entry(1, record(member("a", uint(5)) + "," + member("b", uint(6)))) + "," +
                                entry(2, uint(1)));
  const auto after = hash_with(entry(1, record(member("a", uint(5)) + "," + member("b", uint(9)))) + "," +
                               entry(3, uint(4)));
  const auto found = difference(before, after);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].id, 7U);
  EXPECT_THAT(found[0].added, ElementsAre(std::pair<std::string, std::string>("3", "4")));
  EXPECT_THAT(found[0].gone, ElementsAre("2"));
  ASSERT_THAT(found[0].changed, SizeIs(1));
  const Change& change = found[0].changed[0];
  EXPECT_EQ(change.key + " " + change.path + " " + change.from + " " + change.to, "1 b 6 9");
  EXPECT_EQ(change.by, Distance(std::int64_t{3}));
}

TEST(Difference, ACounterGoesOnPastItsEnd) {
  const auto found =
      difference(hash_with(entry(1, uint(18446744073709551615U))), hash_with(entry(1, uint(1))));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].changed[0].by, Distance(std::int64_t{2}));
}

TEST(Difference, IntegersAreAsFarApartAsTheyAre) { // as doubles they would be 2^60 apart
  const auto found =
      difference(hash_with(entry(1, uint(2))), hash_with(entry(1, uint((std::uint64_t{1} << 60) + 3))));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].changed[0].by, Distance((std::int64_t{1} << 60) + 1));
}

/// What people call them by is the same, as of two attachments to one cgroup.
TEST(Difference, EntriesAreToldApartByTheirBytes) {
  const auto both = hash_with(R"({"key":1,"key_hex":"01 00","owner":{"id":7},"value":)" + uint(1) + "}," +
                              R"({"key":1,"key_hex":"01 01","owner":{"id":7},"value":)" + uint(2) + "}");
  EXPECT_THAT(difference(both, both), IsEmpty());
}

/// What a limit left out was never known to be there.
TEST(Difference, OfAPartNothingCameOrWent) {
  const auto found =
      difference(hash_with(entry(1, uint(1)), "truncated"), hash_with(entry(2, uint(1)), "truncated"));
  EXPECT_THAT(found, IsEmpty());
}

TEST(Difference, OfMaps) {
  const Snapshot none;
  const auto one = hash_with(entry(1, uint(5)));
  ASSERT_THAT(difference(none, one), SizeIs(1));
  EXPECT_EQ(difference(none, one)[0].fate, PartDifference::Fate::came);
  ASSERT_THAT(difference(one, none), SizeIs(1));
  EXPECT_EQ(difference(one, none)[0].fate, PartDifference::Fate::went);
}

TEST(Difference, OfWhatIsNoEntry) {
  const auto ring = [](unsigned pos) {
    return snapshot_of(parsed(R"({"maps":[{"name":"r","id":1,"ringbuf":{"producer_pos":)" +
                              std::to_string(pos) + "}}]," + R"("extensions":{"org.x":{"queues":[{"nr":)" +
                              std::to_string(pos) + "}]}}}"));
  };
  const auto found = difference(ring(8), ring(24));
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].changed[0].path, "ringbuf.producer_pos");
  EXPECT_EQ(found[0].changed[0].by, Distance(std::int64_t{16}));
  EXPECT_EQ(found[1].changed[0].path, "queues[0].nr");
}

} // namespace
} // namespace mapscope::plain
