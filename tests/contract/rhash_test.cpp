// SPDX-License-Identifier: Apache-2.0
// Resizable hash tables: flat, nested, in the middle of a resize, and torn.
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

constexpr const char* types = R"(
struct bpf_rhtab 1024 ht=512
struct rhtab_elem 16 node=8 data=16
struct rhashtable 256 tbl=0 p.head_offset=30 nelems.counter=100
struct bucket_table 64 size=0 nest=4 future_tbl=16 buckets=64
struct rhash_head 8 next=0
)";

// Four buckets: a chain of two, one of one, an empty one that is locked, and one never used. The table is
// being moved: the third element is reachable from the new table, too, and the fourth from there alone.
const std::string rhash_image = std::string(types) + R"(
target map=0x10000 key_size=4 value_size=2 max_entries=8
@0x10200 u64:0x20000 zero:22 u16:8 zero:68 u32:4
@0x20000 u32:4 u32:0 zero:8 u64:0x21000 zero:40 u64:0x30009 u64:0x30048 u64:1 u64:0
@0x21000 u32:2 u32:0 zero:8 u64:0 zero:40 u64:0x30048 u64:0x300c8
@0x30008 u64:0x30088 01 00 00 00 zero:4 a1 a2
@0x30048 u64:0x20049 02 00 00 00 zero:4 b1 b2
@0x30088 u64:0x20041 03 00 00 00 zero:4 c1 c2
@0x300c8 u64:0x21049 04 00 00 00 zero:4 d1 d2
)";
const Sample rhash_sample = {"rhash", rhash_image.c_str(), R"(entry 01 00 00 00 = a1 a2
entry 03 00 00 00 = c1 c2
entry 02 00 00 00 = b1 b2
entry 04 00 00 00 = d1 d2
note OK 1 chain ends in another bucket, caught mid-move
)"};

INSTANTIATE_TEST_SUITE_P(Rhash, Contract, ::testing::Values(rhash_sample), sample_name);

class Rhashes : public ::testing::Test {
protected:
  testing::Report render() { return host_.render(plugin_file("rhash")); }
  template <class T> void poke(std::uint64_t address, T value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  FakeHost host_{rhash_sample.image};

  static constexpr std::uint64_t table = 0x20000, future = table + 16;
};

TEST_F(Rhashes, ChainsInACircleEnd) {
  poke<std::uint64_t>(0x30088, 0x30008);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.rows, 4U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 chain runs in a circle\n"));
}

TEST_F(Rhashes, TablesInACircleEnd) {
  poke(0x21010, table);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.rows, 4U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT more tables than a resize can leave behind\n"));
}

TEST_F(Rhashes, ChainsThatBreakOffAreTold) {
  poke<std::uint64_t>(0x30008, 0xdead0000);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 1 chain breaks off\n"));
  poke<std::uint64_t>(0x30008, 0);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 1 chain breaks off\n"));
}

TEST_F(Rhashes, ATableThatIsMissingIsTold) {
  poke<std::uint64_t>(future, 0xdead0000);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.rows, 3U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT a table that elements move to could not be read\n"));
  host_.memory.erase(table);
  EXPECT_EQ(render().rc, MSC_EFAULT);
}

TEST_F(Rhashes, BucketsThatAreMissingAreCounted) {
  host_.memory[0x21000].resize(64);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 2 buckets could not be read\n"));
  host_.memory[0x20000].resize(64), poke<std::uint64_t>(future, 0);
  EXPECT_EQ(render().rc, MSC_EFAULT);
}

TEST_F(Rhashes, MoreElementsThanTheMapMayHoldAreGivenUp) {
  for (std::uint64_t i = 0; i < 300; ++i) {
    const std::uint64_t at = 0x50000 + i * 0x40;
    host_.memory[at].resize(0x40);
    poke(at, at + 0x40);
  }
  poke<std::uint64_t>(0x30048, 0x50000);
  const auto report = render();
  EXPECT_EQ(report.rows, 8U + 64U);
  EXPECT_THAT(report.text(),
              HasSubstr("note EFAULT more elements than the table may hold: the rest was given up\n"));
}

TEST_F(Rhashes, AnElementsGapsAreTold) {
  host_.memory[0x30048].resize(16); // up to the value
  EXPECT_THAT(render().text(), HasSubstr("entry 02 00 00 00 = ??\n"));
  host_.memory[0x30048].resize(8);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 1 element could not be read\n"));
}

TEST_F(Rhashes, ACountOfTheirOwnThatDiffersIsTold) {
  poke<std::uint32_t>(0x10264, 9);
  EXPECT_THAT(render().text(), HasSubstr("note OK 9 elements by the table's own count\n"));
}

TEST_F(Rhashes, SizesThatAreNoneAreRefused) {
  for (const std::uint32_t size : {0U, 3U, ~0U}) {
    poke(table, size);
    EXPECT_EQ(render().rc, MSC_EFAIL) << size;
  }
  poke(table, 1024U);
  for (const std::uint32_t nest : {2U, 9U, 32U, ~0U}) {
    poke(table + 4, nest);
    EXPECT_EQ(render().rc, MSC_EFAIL) << nest;
  }
}

// 2^19 buckets in three levels: 2 pointers, 512 of each, and 512 buckets of each.
class NestedRhash : public Rhashes {
protected:
  NestedRhash() {
    host_ = FakeHost(std::string(types) + R"(
target map=0x10000 key_size=4 value_size=2 max_entries=8
@0x10200 u64:0x20000 zero:22 u16:8 zero:68 u32:2
@0x20000 u32:0x80000 u32:1 zero:8 u64:0 zero:40 u64:0x22000
@0x22000 u64:0x23000 u64:0x24000 zero:4080
@0x23000 zero:8 u64:0x25000 zero:4080
@0x24000 zero:4088 u64:0x26000
@0x25000 u64:0x30008 zero:4088
@0x26000 zero:4088 u64:0x30048
@0x30008 u64:0x25001 01 00 00 00 zero:4 a1 a2
@0x30048 u64:0x26ff9 02 00 00 00 zero:4 b1 b2
)");
  }
};

TEST_F(NestedRhash, IsWalkedPageByPage) {
  EXPECT_EQ(render().text(), "entry 01 00 00 00 = a1 a2\nentry 02 00 00 00 = b1 b2\n");
  EXPECT_LT(render().calls, 100U);
}

TEST_F(NestedRhash, PagesThatAreMissingAreCounted) {
  host_.memory.erase(0x24000);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 262144 buckets could not be read\n"));
  host_.memory.erase(0x25000);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 262656 buckets could not be read\n"));
  poke<std::uint64_t>(0x20040, 0);
  EXPECT_EQ(render().rc, MSC_EFAULT);
}

TEST_F(NestedRhash, PagesThatPointToThemselvesEnd) {
  for (std::uint64_t at = 0x22000; at < 0x23000; at += 8) poke<std::uint64_t>(at, 0x22000);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_LT(report.calls, 10'000U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT"));
}

TEST_F(NestedRhash, PagesOfLargerKernelsAreFoundByTheirNesting) {
  poke(0x20000, 1U << 14), poke(0x20004, 3U); // 16 KiB: eight pages of 2048 buckets
  host_.memory[0x25000].resize(16384);
  host_.memory.erase(0x26000);
  std::memset(host_.memory[0x22000].data(), 0, 4096);
  poke<std::uint64_t>(0x22038, 0x25000);
  std::memset(host_.memory[0x25000].data(), 0, 8);
  poke<std::uint64_t>(0x25000 + 2047 * 8, 0x30008), poke<std::uint64_t>(0x30008, 0x28ff9);
  poke<std::uint32_t>(0x10264, 1);
  EXPECT_EQ(render().text(), "entry 01 00 00 00 = a1 a2\n");
}

} // namespace
} // namespace mapscope::test
