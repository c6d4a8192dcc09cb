// SPDX-License-Identifier: Apache-2.0
#include "fake_symbols.hpp"
#include "host/target/per_cpu.hpp"
#include "tests/support/text_image.hpp"

#include <gmock/gmock.h>

namespace mapscope::target {
namespace {

using test::FakeSymbols;
using test::FlatMemory;
using testing::ElementsAre;

const FakeSymbols symbols{
    {"__per_cpu_offset", 0x1000}, {"__cpu_possible_mask", 0x2000}, {"nr_cpu_ids", 0x3000}};

Result<PerCpu> read(const std::string& text, const Symbols& with = symbols) {
  const FlatMemory memory(text);
  auto reader = memory.reader();
  return read_per_cpu(reader, with);
}

TEST(PerCpu, HolesAreNoCpus) {
  const auto cpus = read("@0x1000 u64 0x100 0x200 0x300 0x400 0x500\n@0x2000 u64 0x1d\n@0x3000 u32 4\n");
  ASSERT_TRUE(cpus);
  EXPECT_THAT(cpus->possible(), ElementsAre(0, 2, 3)) << "bit 4 is past nr_cpu_ids";
  EXPECT_EQ(cpus->count(), 4U);
  EXPECT_EQ(cpus->offset(0), 0x100U);
  EXPECT_FALSE(cpus->offset(1)) << "not possible: its entry is that of the template";
  EXPECT_EQ(cpus->offset(3), 0x400U);
  EXPECT_FALSE(cpus->offset(4));
}

TEST(PerCpu, MasksOfSeveralWords) {
  const auto cpus = read("@0x1000 zero 560 u64 0x100\n@0x2000 u64 0 0x40\n@0x3000 u32 128\n");
  ASSERT_TRUE(cpus);
  EXPECT_THAT(cpus->possible(), ElementsAre(70));
  EXPECT_EQ(cpus->offset(70), 0x100U);
}

TEST(PerCpu, AKernelForOneCpuHasNoOffsets) {
  const auto cpus = read("", FakeSymbols{{"__cpu_possible_mask", 0x2000}});
  ASSERT_TRUE(cpus);
  EXPECT_THAT(cpus->possible(), ElementsAre(0));
  EXPECT_EQ(cpus->offset(0), 0U);
}

TEST(PerCpu, WithoutALimitOneWordOfTheMaskCounts) {
  const FakeSymbols without{{"__per_cpu_offset", 0x1000}, {"__cpu_possible_mask", 0x2000}};
  const auto cpus = read("@0x1000 zero 512 zero 512\n@0x2000 u64 3 3\n", without);
  ASSERT_TRUE(cpus);
  EXPECT_THAT(cpus->possible(), ElementsAre(0, 1));
}

TEST(PerCpu, AnOffsetThatIsNotInTheDump) {
  const auto cpus = read("@0x1000 u64 0x100\n@0x2000 u64 3\n@0x3000 u32 2\n");
  ASSERT_TRUE(cpus);
  EXPECT_THAT(cpus->possible(), ElementsAre(0, 1));
  EXPECT_FALSE(cpus->offset(1));
}

TEST(PerCpu, WhatCannotBeKnownIsSaid) {
  EXPECT_EQ(read("@0x3000 u32 4\n").error().text, "the mask of possible CPUs is not in the dump");
  EXPECT_EQ(read("@0x2000 u64 0\n@0x3000 u32 4\n").error().text, "the mask of possible CPUs is empty");
  EXPECT_EQ(read("@0x2000 u64 1\n@0x3000 u32 0\n").error().code, Errc::corrupt);
  EXPECT_EQ(read("@0x2000 u64 1\n@0x3000 u32 -1\n").error().code, Errc::not_in_dump)
      << "a limit no kernel has asks for a mask that is not there";
  EXPECT_EQ(read("", FakeSymbols{{"__per_cpu_offset", 0x1000}}).error().code, Errc::not_found);
}

} // namespace
} // namespace mapscope::target
