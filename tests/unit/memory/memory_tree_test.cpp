// SPDX-License-Identifier: Apache-2.0
// Where RAM lies, by what QEMU 7.2 prints of it, and by what no QEMU prints.
#include "host/memory/live/memory_tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::memory {
namespace {

using testing::HasSubstr;

constexpr std::string_view printed = R"(FlatView #0
 AS "cpu-smm-0", root: memory
 Root memory region: memory
  0000000000000000-00000000000bffff (prio 0, ram): other

FlatView #1
 AS "I/O", root: io
 Root memory region: (none)
  No rendered FlatView

FlatView #2
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-00000000000c2fff (prio 0, ram): ram0
  00000000000c3000-00000000000e7fff (prio 0, rom): ram0 @00000000000c3000
  00000000febfc000-00000000febfdfff (prio 0, i/o): nvme
  00000000fec00000-00000000fec00fff (prio 0, romd): flash
  0000000100000000-000000017fffffff (prio -1, ram): /objects/m1 @00000000c0000000 KVM
  0000000200000000-00000002ffffffff (prio 0, nv-ram): disk

FlatView #3
 AS "cpu-smm-1", root: memory
  0000000000000000-00000000000bffff (prio 0, ram): other
)";

TEST(MemoryTree, WhatIsRamOfTheMemory) {
  const auto ranges = ram_in_tree(printed);
  ASSERT_TRUE(ranges) << ranges.error().text;
  ASSERT_EQ(ranges->size(), 3U);
  EXPECT_EQ((*ranges)[0].size, 0xc3000U);
  EXPECT_EQ((*ranges)[0].region, "ram0");
  EXPECT_EQ((*ranges)[0].offset, 0U);
  EXPECT_EQ((*ranges)[1].address, 0xc3000U);
  EXPECT_EQ((*ranges)[1].offset, 0xc3000U);
  EXPECT_EQ((*ranges)[2].region, "/objects/m1");
  EXPECT_EQ((*ranges)[2].address, 0x100000000U);
  EXPECT_EQ((*ranges)[2].size, 0x80000000U);
  EXPECT_EQ((*ranges)[2].offset, 0xc0000000U);
}

std::string with(std::string_view line) {
  return fmt::format("FlatView #0\n AS \"memory\", root: s\n{}\n", line);
}

TEST(MemoryTree, LinesThatAreNone) {
  for (const char* line :
       {"", "  ", "-", "  zz-ff (prio 0, ram): a", "  0-fff", "  0-fff (prio 0", "  0-fff (prio 0, i/o): a",
        "  0 fff (prio 0, ram): a", "  10000000000000000-20000000000000000 (prio 0, ram): a",
        "  -fff (prio 0, ram): a"}) {
    const auto ranges = ram_in_tree(with(line));
    ASSERT_FALSE(ranges) << line;
    EXPECT_EQ(ranges.error().text, "QEMU's memory tree has no RAM") << line;
  }
}

TEST(MemoryTree, RangesThatCannotBe) {
  for (const char* line :
       {"  1000-fff (prio 0, ram): a", "  0-ffffffffffffffff (prio 0, ram): a",
        "  0-10000000000000 (prio 0, ram): a", "  ffffffffffffffff-ffffffffffffffff (prio 0, ram): a",
        "  0-fff (prio 0, ram): a @ffffffffffffffff"}) {
    const auto ranges = ram_in_tree(with(line));
    ASSERT_FALSE(ranges) << line;
    EXPECT_THAT(ranges.error().text, HasSubstr("QEMU's memory tree has \""));
  }
}

TEST(MemoryTree, MoreRangesThanAnyMachineHas) {
  std::string text = with("");
  for (std::uint64_t i = 0; i < 5000; ++i)
    text += fmt::format("  {:x}-{:x} (prio 0, ram): a\n", i << 12, (i << 12) + 1);
  EXPECT_FALSE(ram_in_tree(text));
}

} // namespace
} // namespace mapscope::memory
