// SPDX-License-Identifier: Apache-2.0
#include "host/target/xarray.hpp"
#include "tests/support/text_image.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace mapscope::target {
namespace {

using test::FlatMemory;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr XarrayLayout layout{.head = 0, .shift = 0, .offset = 1, .parent = 8, .slots = 16, .fan_out = 4};

/// "3=0x100" per entry, "gap: ..." per gap, in the order they came.
std::vector<std::string> walk(const FlatMemory& memory, const XarrayLayout& with = layout) {
  std::vector<std::string> found;
  auto reader = memory.reader();
  walk_xarray(
      reader, with, memory.at("head"),
      [&](std::uint64_t index, std::uint64_t object) {
        found.push_back(fmt::format("{}={:#x}", index, object));
      },
      [&](const std::string& gap) { found.push_back("gap: " + gap); });
  return found;
}
std::vector<std::string> walk(const std::string& text) { return walk(FlatMemory(text)); }

/// A node: label, shift, slot in the parent, parent, four slots.
std::string node(const char* label, unsigned shift, unsigned offset, const char* parent, const char* slots) {
  return fmt::format("{}: u8 {} {} align 8 u64 {} {}\n", label, shift, offset, parent, slots);
}

const std::string head = "@0x10000 head: u64 top+2\n@0x20000\n";

TEST(Xarray, Empty) { EXPECT_THAT(walk("@0x10000 head: u64 0\n"), IsEmpty()); }

TEST(Xarray, ASingleEntryLivesInTheHead) {
  EXPECT_THAT(walk("@0x10000 head: u64 0x100\n"), ElementsAre("0=0x100"));
}

TEST(Xarray, AHeadThatIsNeither) {
  const auto walk_head = [](const std::string& entry) { return walk("@0x10000 head: u64 " + entry); };
  for (const char* entry : {"0x402", "0x406"})
    EXPECT_THAT(walk_head(entry), IsEmpty()) << "retry, zero entry";
  EXPECT_THAT(walk_head("0x1002"), ElementsAre("gap: the node at 0x1000 for ids from 0 cannot be read"));
  EXPECT_THAT(walk_head("0x101"), ElementsAre("gap: its head at 0x10000 holds 0x101, which is no node"));
}

TEST(Xarray, ANodeOfLeaves) {
  EXPECT_THAT(walk(head + node("top", 0, 0, "0", "0 0x100 0 0x200")), ElementsAre("1=0x100", "3=0x200"));
}

TEST(Xarray, NestedNodesInOrder) {
  EXPECT_THAT(walk(head + node("top", 4, 0, "0", "a+2 0 0 b+2") + node("b", 2, 3, "top", "0 c+2 0 0") +
                   node("c", 0, 1, "b", "0x300 0 0x304 0") + node("a", 2, 0, "top", "d+2 0 0 0") +
                   node("d", 0, 0, "a", "0 0x100 0 0")),
              ElementsAre("1=0x100", "52=0x300", "54=0x304"));
}

TEST(Xarray, SentinelsAreNoEntries) {
  EXPECT_THAT(walk(head + node("top", 0, 0, "0", "0x402 0x406 0 0x6")), IsEmpty());
}

TEST(Xarray, WhatCannotBeInASlotIsAGap) { // of a page that something else was written to
  EXPECT_THAT(
      walk(head + node("top", 2, 0, "0", "0x402 0x406 0x100 a+2") + node("a", 0, 3, "top", "0x400 0 0 0")),
      ElementsAre("12=0x400",
                  "gap: what cannot be there is in 1 of the 4 slots of the node at 0x20000 for ids from 0"))
      << "an object where only a node may be is none";
  EXPECT_THAT(
      walk(head + node("top", 0, 0, "0", "0x101 0x100 a+2 0xffffffffffffffff") +
           node("a", 0, 2, "top", "0x400 0 0 0")),
      ElementsAre("1=0x100",
                  "gap: what cannot be there is in 3 of the 4 slots of the node at 0x20000 for ids from 0"))
      << "a value, a node and ones where only objects may be";
}

TEST(Xarray, AShiftThatDoesNotShrink) {
  EXPECT_THAT(walk(head + node("top", 2, 0, "0", "a+2 b+2 0 0") + node("a", 2, 0, "top", "0x100 0 0 0") +
                   node("b", 0, 1, "top", "0x200 0 0 0")),
              ElementsAre("gap: the node at 0x20030 for ids from 0 is corrupt", "4=0x200"));
}

TEST(Xarray, AShiftThatIsNoMultiple) {
  for (const unsigned shift : {1U, 3U, 64U, 255U})
    EXPECT_THAT(walk(head + node("top", shift, 0, "0", "0x100 0 0 0")),
                ElementsAre("gap: the node at 0x20000 for ids from 0 is corrupt"))
        << shift;
}

TEST(Xarray, ANodeThatNamesAnotherPlace) {
  EXPECT_THAT(walk(head + node("top", 2, 0, "0", "a+2 b+2 0 0") + node("a", 0, 0, "b", "0x100 0 0 0") +
                   node("b", 0, 2, "top", "0x200 0 0 0")),
              ElementsAre("gap: the node at 0x20030 for ids from 0 is corrupt",
                          "gap: the node at 0x20060 for ids from 4 is corrupt"));
  EXPECT_THAT(walk(head + node("top", 0, 0, "0x20000", "0x100 0 0 0")),
              ElementsAre("gap: the node at 0x20000 for ids from 0 is corrupt"));
}

TEST(Xarray, CirclesEnd) {
  EXPECT_THAT(walk(head + node("top", 4, 0, "0", "a+2 top+2 0 0") + node("a", 2, 0, "top", "a+2 0 top+2 0")),
              ElementsAre("gap: the node at 0x20030 for ids from 0 is corrupt",
                          "gap: the node at 0x20000 for ids from 8 is corrupt",
                          "gap: the node at 0x20000 for ids from 16 is corrupt"));
}

TEST(Xarray, ATableThatWasBeingWritten) {
  EXPECT_THAT(walk(FlatMemory(test::TextImage::load(MAPSCOPE_TEST_DATA "/circular_table.mem"))),
              ElementsAre("1=0x100", "gap: the node at 0x20000 for ids from 12 is corrupt",
                          "gap: the node at 0x20000 for ids from 16 is corrupt",
                          "gap: the node at 0x20030 for ids from 32 is corrupt",
                          "gap: the node at 0x200c0 for ids from 48 is corrupt", "62=0x300"));
}

TEST(Xarray, WhatIsNotInTheDumpIsAGap) {
  EXPECT_THAT(walk(head + node("top", 2, 0, "0", "0x500002 a+2 0 0") + node("a", 0, 1, "top", "0x100 0 0 0")),
              ElementsAre("gap: the node at 0x500000 for ids from 0 cannot be read", "4=0x100"));
  EXPECT_THAT(walk("@0x10000 head:\n"), ElementsAre("gap: its head at 0x10000 cannot be read"));
}

TEST(Xarray, NoIndexIsPastTheLargest) {
  auto wide = layout;
  wide.fan_out = 8; // three bits a level: of the node at shift 63 only two slots mean something
  EXPECT_THAT(walk(FlatMemory(head + "top: u8 63 0 align 8 u64 0 0 0 a+2 0 0 0 0 0\n"
                                     "a: u8 0 2 align 8 u64 top 0x100 0 0 0 0 0 0 0\n"),
                   wide),
              IsEmpty());
}

TEST(Xarray, SlotsOfNoKernel) {
  for (const std::uint32_t slots : {0U, 1U, 48U, 512U}) {
    auto odd = layout;
    odd.fan_out = slots;
    EXPECT_THAT(walk(FlatMemory("@0x10000 head: u64 0\n"), odd),
                ElementsAre(fmt::format("gap: a node with {} slots cannot be walked", slots)));
  }
}

} // namespace
} // namespace mapscope::target
