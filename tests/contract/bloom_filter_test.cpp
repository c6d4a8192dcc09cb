// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

// 9 of 128 bits.
constexpr Sample bloom_sample = {"bloom_filter", R"(
struct bpf_bloom_filter 512 bitset_mask=256 hash_seed=260 nr_hash_funcs=264 bitset=272
target map=0x10000 value_size=8 max_entries=30
@0x10100 u32:127 u32:99 u32:3
@0x10110 u64:0x8000000000000001 u64:0x1010101010001001
)",
                                 R"(object bloom_filter
number nr_bits 128
number bits_set 9
number nr_hash_funcs 3
number estimated_entries 3
real false_positive_rate 0.000348
end
)"};

INSTANTIATE_TEST_SUITE_P(BloomFilter, Contract, ::testing::Values(bloom_sample), sample_name);

class Blooms : public ::testing::Test {
protected:
  testing::Report render() { return host_.render(plugin_file("bloom_filter")); }
  void set(std::uint32_t mask, std::uint32_t functions) {
    const std::uint32_t filter[] = {mask, 99, functions};
    std::memcpy(host_.memory[0x10100].data(), filter, sizeof filter);
  }
  FakeHost host_{bloom_sample.image};
};

TEST_F(Blooms, ThatAreEmptyHoldNothing) {
  host_.memory[0x10110].assign(16, std::byte{0});
  EXPECT_THAT(render().text(),
              HasSubstr("number bits_set 0\nnumber nr_hash_funcs 3\nnumber estimated_entries "
                        "0\nreal false_positive_rate 0.000000\n"));
}

TEST_F(Blooms, ThatAreFullHoldAnyNumber) {
  host_.memory[0x10110].assign(16, std::byte{0xff});
  EXPECT_THAT(render().text(), HasSubstr("number bits_set 128\nnumber nr_hash_funcs 3\nabsent "
                                         "estimated_entries\nreal false_positive_rate 1.000000\n"));
}

TEST_F(Blooms, BitsThatAreMissingAreTold) {
  host_.memory[0x10110].resize(8);
  set(1023, 3); // of the two words that lie on one page neither can be read alone
  for (std::uint64_t at = 0; at < 8192; at += 8) host_.memory[0x10118 + at].assign(8, std::byte{1});
  set(0x1ffff, 3); // 16 KiB: the last 8 KiB are missing
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(),
              HasSubstr("object bloom_filter\nnumber nr_bits 131072\nnumber nr_hash_funcs 3\nend\n"));
  EXPECT_THAT(report.text(), HasSubstr(" of 2048 words of the bitset could not be read; in the others "));
}

TEST_F(Blooms, WithoutTheirBitsetFail) {
  host_.memory.erase(0x10110);
  EXPECT_EQ(render().rc, MSC_EFAULT);
}

TEST_F(Blooms, OfImplausibleShapeAreRefused) {
  for (const std::uint32_t mask : {2U, 126U, 128U, 0xfffffffeU}) {
    set(mask, 3);
    EXPECT_EQ(render().rc, MSC_EFAIL) << mask;
  }
  for (const std::uint32_t functions : {0U, 16U, ~0U}) {
    set(127, functions);
    EXPECT_EQ(render().rc, MSC_EFAIL) << functions;
  }
  set(0, 1); // one bit, and nine are set
  EXPECT_EQ(render().rc, MSC_EFAIL);
}

} // namespace
} // namespace mapscope::test
