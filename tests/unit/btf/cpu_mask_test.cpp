// SPDX-License-Identifier: Apache-2.0
// CPU masks as lists.
#include "tests/support/btf_builder.hpp"
#include "tests/support/value_tree.hpp"

#include <gtest/gtest.h>

namespace mapscope::test {
namespace {

struct CpuMask : testing::Test {
  BtfBuilder b;
  TypeId u32 = b.u32(), u64 = b.u64();
  TypeId mask(const std::string& name, std::uint32_t words) {
    return b.record(name, {{"bits", b.array(u64, words)}});
  }
  std::string show(TypeId type, const std::vector<std::byte>& bytes, std::uint32_t cpus = 0) {
    btf::Limits limits;
    limits.cpus = cpus;
    return decode_text(b.types(), type, bytes, limits);
  }
};

TEST_F(CpuMask, Ranges) {
  const TypeId one = mask("cpumask", 1);
  EXPECT_EQ(show(one, pack(0b1100'0000'1111ULL)), "cpus{0-3,10-11}");
  EXPECT_EQ(show(one, pack(0x10fULL)), "cpus{0-3,8}");
  EXPECT_EQ(show(one, pack(0ULL)), "cpus{}");
  EXPECT_EQ(show(one, pack(~0ULL)), "cpus{0-63}");
  EXPECT_EQ(show(one, pack(1ULL << 63)), "cpus{63}");
}

TEST_F(CpuMask, AcrossWordsAndBeyond128Cpus) {
  const TypeId four = mask("cpumask", 4);
  EXPECT_EQ(show(four, pack(1ULL << 63, ~0ULL, 1ULL, 1ULL << 63)), "cpus{63-128,255}");
  EXPECT_EQ(show(four, pack(~0ULL, ~0ULL, ~0ULL, ~0ULL)), "cpus{0-255}");
}

TEST_F(CpuMask, CpusThatCannotExistDoNotCount) {
  const TypeId two = mask("cpumask", 2);
  EXPECT_EQ(show(two, pack(~0ULL, ~0ULL), 4), "cpus{0-3}");
  EXPECT_EQ(show(two, pack(~0ULL, ~0ULL), 65), "cpus{0-64}");
  EXPECT_EQ(show(two, pack(1ULL << 4, 0ULL), 4), "cpus{}");
}

TEST_F(CpuMask, EveryNameOfIt) {
  const TypeId cpumask = mask("cpumask", 2), named = mask("cpumask_t", 1);
  const TypeId counted =
      b.record("bpf_cpumask", {{"cpumask", b.typedef_of("cpumask_t", cpumask)}, {"usage", u32}});
  const TypeId unknown = b.record("bpf_cpumask", {{"words", u64}});
  const TypeId bitmap = b.record("scx_bitmap", {{"tid", u64}, {"bits", b.array(u64, 2)}});
  EXPECT_EQ(show(named, pack(2ULL)), "cpus{1}");
  EXPECT_EQ(show(b.typedef_of("cpumask_t", cpumask), pack(2ULL, 1ULL)), "cpus{1,64}");
  EXPECT_EQ(show(counted, pack(2ULL, 1ULL, 1ULL)), "cpus{1,64}") << "the reference count is no CPU";
  EXPECT_EQ(show(unknown, pack(2ULL)), "cpus{1}");
  EXPECT_EQ(show(bitmap, pack(~0ULL, 4ULL, 1ULL)), "cpus{2,64}") << "the id is no CPU";
}

/// With an id before the words or without; however long they are declared.
TEST_F(CpuMask, WordsAreWhereTheTypeHasThem) {
  const TypeId bare = b.record("scx_bitmap", {{"bits", b.array(u64, 2)}});
  EXPECT_EQ(show(bare, pack(0xfULL, 1ULL)), "cpus{0-3,64}");
  EXPECT_EQ(show(b.record("scx_bitmap", {{"bits", b.array(u64, 1)}}), pack(0xfULL)), "cpus{0-3}");
  const TypeId older = b.record("scx_cpumask", {{"tid", u64}, {"bits", b.array(u64, 1)}});
  EXPECT_EQ(show(older, pack(~0ULL, 6ULL)), "cpus{1-2}");
  const TypeId behind = b.record("scx_bitmap", {{"bits", b.array(u64, 1)}, {"tid", u64}});
  EXPECT_EQ(show(behind, pack(6ULL, ~0ULL)), "cpus{1-2}") << "the id is no CPU";
  EXPECT_EQ(show(b.record("scx_bitmap", {{"words", b.array(u64, 1)}}), pack(1ULL)),
            "scx_bitmap{words=[1: 1:uint64]}");
}

/// They are allocated for the CPUs there are and declared for the most there can be.
TEST_F(CpuMask, WordsForAllCpusAreAllOfThem) {
  const TypeId declared = b.record("scx_bitmap", {{"tid", u64}, {"bits", b.array(u64, 64)}});
  EXPECT_EQ(show(declared, pack(7ULL, 5ULL), 4), "cpus{0,2}");
  EXPECT_EQ(show(declared, pack(7ULL, 5ULL, 1ULL), 65), "cpus{0,2,64}");
  EXPECT_EQ(show(declared, pack(7ULL, 5ULL), 65), "truncated(520/16, cpus{0,2})");
  EXPECT_EQ(show(declared, pack(7ULL), 4), "truncated(520/8, <07 00 00 00 00 00 00 00>)");
}

TEST_F(CpuMask, OnlyWholeWordsCount) {
  const TypeId odd = b.record("cpumask", {{"bits", b.array(u32, 3)}});
  EXPECT_EQ(show(odd, pack(1U, 0U, ~0U)), "cpus{0}");
}

TEST_F(CpuMask, TooSmallToBeOne) {
  EXPECT_EQ(show(b.record("cpumask", {{"bits", u32}}), pack(1U)), "cpumask{bits=1:uint32}");
  EXPECT_EQ(show(b.record("scx_bitmap", {{"bits", u64}}), pack(1ULL)), "scx_bitmap{bits=1:uint64}");
}

TEST_F(CpuMask, CutShort) {
  const TypeId two = mask("cpumask", 2);
  EXPECT_EQ(show(two, pack(3ULL, 1U)), "truncated(16/12, cpus{0-1})");
  EXPECT_EQ(show(two, pack(3U)), "truncated(16/4, <03 00 00 00>)");
}

TEST_F(CpuMask, AsAMember) {
  const TypeId holder = b.record("domain", {{"id", u64}, {"cpus", mask("cpumask", 1)}});
  EXPECT_EQ(show(holder, pack(7ULL, 6ULL)), "domain{id=7:uint64, cpus=cpus{1-2}}");
}

TEST_F(CpuMask, AHostileMaskIsBounded) {
  const TypeId huge = mask("cpumask", 1 << 15);
  EXPECT_EQ(show(huge, std::vector<std::byte>(8 << 15, std::byte{0xff})), "cpus{0-65535}");
}

} // namespace
} // namespace mapscope::test
