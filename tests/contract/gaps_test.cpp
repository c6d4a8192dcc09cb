// SPDX-License-Identifier: Apache-2.0
// Torn maps: chains that go nowhere or in circles, elements and values on pages that are missing.
#include "plugin_file.hpp"
#include "samples.hpp"

#include <cstring>
#include <gmock/gmock.h>
#include <mapscope/testing/fake_host.hpp>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Report;

class Chains : public ::testing::Test {
protected:
  Report render() { return host_.render(plugin_file("hash")); }
  void poke(std::uint64_t address, std::uint64_t value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  FakeHost host_{hash_sample.image};

  static constexpr std::uint64_t first = 0x30000, second = 0x30080; ///< the chain of bucket 0
};

TEST_F(Chains, InACircleEndAndTheOthersGoOn) {
  poke(second, first);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 chain runs in a circle, first in bucket 0\n"));
  EXPECT_THAT(report.text(), HasSubstr("entry 03 00 00 00 = c1"));
  EXPECT_LE(report.rows, 6U);
}

TEST_F(Chains, ThatLeadToThemselvesEnd) {
  poke(first, first);
  EXPECT_THAT(render().text(), HasSubstr("runs in a circle"));
}

TEST_F(Chains, LongerThanTheMapAreGivenUp) {
  for (std::uint64_t i = 0; i < 300; ++i) { // a long chain of elements, each one new
    std::vector<std::byte> element(64);
    const std::uint64_t at = 0x50000 + i * 0x40, next = at + 0x40;
    std::memcpy(element.data(), &next, sizeof next);
    host_.memory[at] = element;
  }
  poke(second, 0x50000);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_EFAULT);
  EXPECT_THAT(report.text(), HasSubstr("more elements than the map may hold, given up in bucket 0"));
  EXPECT_LT(report.rows, 100U);
}

TEST_F(Chains, ThatBreakOffAreTold) {
  poke(first, 0xdead0000);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.text(),
            "entry 01 00 00 00 = a1 a2 a3 a4 a5 a6\n"
            "entry 03 00 00 00 = c1 c2 c3 c4 c5 c6\n"
            "note EFAULT 1 element could not be read\n"
            "note EFAULT 1 chain breaks off where an element could not be read, first in bucket 0\n");
}

/// One for each CPU may be caught mid-move; more are none of this map's.
TEST_F(Chains, ThatEndInAnotherBucketAreTold) {
  poke(second, 3U << 1 | 1);
  EXPECT_THAT(render().text(), HasSubstr("note OK 1 chain ends in another bucket, first from bucket 0"));
  poke(0x30100, 9);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 2 chains end in another bucket, first from bucket 0"));
}

TEST_F(Chains, WithoutTheirMarkAreTold) {
  poke(second, 0);
  EXPECT_THAT(
      render().text(),
      HasSubstr("note EFAULT 1 chain ends in a null pointer instead of the mark of their bucket, first in "
                "bucket 0"));
}

TEST_F(Chains, FewerBucketsThanMaxEntriesGivesAreTold) {
  host_.target.max_entries = 5;
  EXPECT_THAT(render().text(),
              HasSubstr("note EFAULT n_buckets of struct bpf_htab is 4, where max_entries gives 8"));
}

/// The hash with what struct bpf_htab has of its elements: their size, and their number on each CPU.
class Witnesses : public ::testing::Test {
protected:
  static std::string text(unsigned elem_size, int count, bool typed = false) {
    std::string image = hash_sample.image;
    const std::string plain = "struct bpf_htab 512 buckets=256 n_buckets=272";
    image.replace(image.find(plain), plain.size(), plain + " elem_size=280 map.elem_count=320");
    const std::string at = "@0x10100 u64:0x20000 zero:8 u32:4";
    image.replace(image.find(at), at.size(),
                  at + " zero:4 u32:" + std::to_string(elem_size) +
                      " zero:36 u64:0x6000000000\n@0x6000100000 u64:" + std::to_string(count));
    FakeHost host(image);
    if (typed) host.target.key_type = host.target.value_type = MSC_DECLARED;
    return host.render(plugin_file("hash")).text();
  }
};

TEST_F(Witnesses, ThatAgreeSayNothing) { EXPECT_THAT(text(48 + 8 + 8, 3), Not(HasSubstr("note"))); }

TEST_F(Witnesses, AnElementOfAnotherSizeIsRefused) {
  EXPECT_EQ(text(72, 3),
            "note EFAIL elem_size of struct bpf_htab is 72, where the sizes of keys and values give 64\n");
}

TEST_F(Witnesses, ACountThatDiffersByMoreThanMovesIsTold) {
  EXPECT_THAT(text(64, 4), HasSubstr("note OK 3 elements found, 4 by the map's own count"));
  EXPECT_THAT(text(64, 40), HasSubstr("note EFAULT 3 elements found, 40 by the map's own count"));
}

TEST_F(Chains, AValueThatIsMissingLeavesItsKey) {
  host_.memory[second].resize(48); // up to the value
  EXPECT_THAT(render().text(), HasSubstr("entry 02 00 00 00 = ??\nentry 03"));
}

TEST_F(Chains, BucketsThatAreMissingAreCounted) {
  host_.memory.erase(0x20020); // the last two of four
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("entry 02 00 00 00"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 2 buckets could not be read"));
  EXPECT_THAT(report.text(), Not(HasSubstr("entry 03")));
  host_.memory.erase(0x20000);
  EXPECT_EQ(render().rc, MSC_EFAULT);
}

TEST_F(Chains, ACountOfBucketsThatIsNoPowerOfTwoIsRefused) {
  for (const std::uint32_t count : {0U, 3U, 0xffffffffU}) {
    poke(0x10100 + 8, 0); // keep the pointer, change what follows it
    std::memcpy(host_.memory[0x10100].data() + 16, &count, sizeof count);
    const Report report = render();
    EXPECT_EQ(report.rc, MSC_EFAIL);
    EXPECT_EQ(report.text(), "note EFAIL n_buckets of struct bpf_htab is no power of two\n");
  }
}

TEST(Arrays, ASectionIsShownUpToThePageThatIsMissing) {
  FakeHost host(R"(
struct bpf_array 256 elem_size=200 value=216
target map=0x10f00 key_size=4 value_size=6000 max_entries=1
@0x10fc8 u32:6000
@0x10fd8 zero:40 07 zero:4095
)");
  const Report report = host.render(plugin_file("array"));
  EXPECT_EQ(report.rc, MSC_OK);
  ASSERT_EQ(report.lines.size(), 2U);
  EXPECT_EQ(report.lines[0], "note EFAULT the rest of the value could not be read");
  EXPECT_EQ(report.lines[1].size(), 5 + 3 * (40 + 4096U)) << "up to the end of the second page";
}

TEST(Arrays, ElementsBesideAMissingOneAreShown) {
  FakeHost host(R"(
struct bpf_array 256 elem_size=200 value=216
target map=0x10000 key_size=4 value_size=8 max_entries=4
@0x100c8 u32:8
@0x100d8 u64:1 u64:2
@0x100f0 u64:4
)");
  const Report report = host.render(plugin_file("array"));
  EXPECT_EQ(report.text(), "value 01 00 00 00 00 00 00 00\n"
                           "element 0 = 01 00 00 00 00 00 00 00\n"
                           "element 1 = 02 00 00 00 00 00 00 00\n"
                           "element 2 = ??\n"
                           "element 3 = 04 00 00 00 00 00 00 00\n");
}

TEST(Arrays, AStrideThatContradictsTheMapIsRefused) {
  FakeHost host(array_sample.image);
  host.target.value_size = 9;
  EXPECT_EQ(host.render(plugin_file("array")).rc, MSC_EFAIL);
}

} // namespace
} // namespace mapscope::test
