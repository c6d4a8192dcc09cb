// SPDX-License-Identifier: Apache-2.0
// Values whose bytes end early or go on.
#include "tests/support/btf_builder.hpp"
#include "tests/support/value_tree.hpp"

#include <gtest/gtest.h>

namespace mapscope::test {
namespace {

struct Truncated : testing::Test {
  BtfBuilder b;
  TypeId u8 = b.u8(), u16 = b.u16(), u32 = b.u32(), u64 = b.u64();
  template <class... Numbers> std::string show(TypeId type, Numbers... numbers) {
    return decode_text(b.types(), type, pack(numbers...));
  }
};

TEST_F(Truncated, ScalarsShowTheirBytes) {
  EXPECT_EQ(show(u32, std::uint16_t{0x3412}), "truncated(4/2, <12 34>)");
  EXPECT_EQ(show(u64), "truncated(8/0, <>)");
  EXPECT_EQ(show(b.pointer(0), 1U), "truncated(8/4, <01 00 00 00>)");
  EXPECT_EQ(show(b.real("double", 8), std::uint8_t{1}), "truncated(8/1, <01>)");
  EXPECT_EQ(show(b.enumeration("e", {{"A", 1}}), std::uint8_t{1}), "truncated(4/1, <01>)");
  EXPECT_EQ(show(b.boolean()), "truncated(1/0, <>)");
  EXPECT_EQ(show(b.integer("__int128", 16), std::uint8_t{1}), "truncated(16/1, <01>)");
}

TEST_F(Truncated, ShortScalarMembersAreWrappedTwice) {
  const TypeId pair = b.record("pair", {{"a", u64}, {"b", u64}});
  EXPECT_EQ(show(pair, 1ULL, std::uint8_t{0x7f}),
            "truncated(16/9, pair{a=1:uint64, b=truncated(8/1, truncated(8/1, <7f>))})");
}

TEST_F(Truncated, MembersPastTheEndAreAllThere) {
  const TypeId three = b.record("three", {{"a", u32}, {"b", u32}, {"c", u32}});
  EXPECT_EQ(show(three, 1U), "truncated(12/4, three{a=1:uint32, b=truncated(4/0, truncated(4/0, <>)), "
                             "c=truncated(4/0, truncated(4/0, <>))})");
}

TEST_F(Truncated, StructsInStructs) {
  const TypeId inner = b.record("inner", {{"x", u32}, {"y", u32}});
  const TypeId outer = b.record("outer", {{"a", u32}, {"in", inner}});
  EXPECT_EQ(show(outer, 1U, 2U),
            "truncated(12/8, outer{a=1:uint32, in=truncated(8/4, truncated(8/4, inner{x=2:uint32, "
            "y=truncated(4/0, truncated(4/0, <>))}))})");
}

TEST_F(Truncated, Unions) {
  const TypeId both = b.union_of("both", {{"wide", u64}, {"narrow", u16}});
  EXPECT_EQ(show(both, std::uint16_t{5}),
            "truncated(8/2, both{wide=truncated(8/2, truncated(8/2, <05 00>)), narrow=5:uint16})");
}

TEST_F(Truncated, Bitfields) {
  const TypeId type = b.record("r", {{"a", u32, 4, 8}, {"b", u32, 12, 8}}, 4);
  EXPECT_EQ(show(type, std::uint8_t{0x10}),
            "truncated(4/1, r{a=truncated(2/1, <10>), b=truncated(2/0, <>)})");
  EXPECT_EQ(show(type, std::uint16_t{0x0ff0}), "truncated(4/2, r{a=255:uint8, b=truncated(2/1, <0f>)})");
}

TEST_F(Truncated, ArraysEndWithOneTruncatedElement) {
  EXPECT_EQ(show(b.array(u32, 4), 1U, std::uint16_t{2}), "[4: 1:uint32, truncated(4/2, <02 00>)]");
  EXPECT_EQ(show(b.array(u32, 4)), "[4: truncated(4/0, <>)]");
  EXPECT_EQ(show(b.array(u32, 1), 7U), "[1: 7:uint32]");
}

TEST_F(Truncated, ArraysOfStructs) {
  const TypeId pair = b.record("pair", {{"a", u16}, {"b", u16}});
  EXPECT_EQ(show(b.array(pair, 2), 0x00020001U, std::uint16_t{3}),
            "[2: pair{a=1:uint16, b=2:uint16}, truncated(4/2, <03 00>)]");
}

TEST_F(Truncated, ArrayMembers) {
  const TypeId holder = b.record("holder", {{"list", b.array(u16, 3)}});
  EXPECT_EQ(show(holder, 0x00020001U),
            "truncated(6/4, holder{list=truncated(6/4, [3: 1:uint16, 2:uint16, truncated(2/0, <>)])})");
}

TEST_F(Truncated, SectionsAreNotWrapped) {
  const TypeId first = b.variable("first", u32), second = b.variable("second", u32),
               third = b.variable("third", u32);
  EXPECT_EQ(show(b.section(".data", {{first, 0, 4}, {second, 4, 4}, {third, 8, 4}}), 1U, std::uint8_t{2}),
            ".data{first=1:uint32, second=truncated(4/1, truncated(4/1, <02>)), "
            "third=truncated(4/0, truncated(4/0, <>))}");
}

TEST_F(Truncated, BytesBehindAValueDoNotCount) {
  EXPECT_EQ(show(u16, 0xffff0001U), "1:uint16");
  EXPECT_EQ(show(b.record("r", {{"a", u16}}), 0xffff0001U), "r{a=1:uint16}");
  EXPECT_EQ(show(b.array(u16, 1), 0xffff0001U), "[1: 1:uint16]");
}

TEST_F(Truncated, AFlexibleArrayTakesWhatFollowsItsStruct) {
  const TypeId message = b.record("message", {{"len", u32}, {"data", b.array(u16, 0)}});
  EXPECT_EQ(show(message, 9U), "message{len=9:uint32, data=[0:]}");
  EXPECT_EQ(show(message, 9U, 0x00020001U, std::uint8_t{3}),
            "message{len=9:uint32, data=[2: 1:uint16, 2:uint16]}");
}

TEST_F(Truncated, AFlexibleArrayThroughItsWrappers) {
  // DECLARE_FLEX_ARRAY() of include/linux/stddef.h
  const TypeId empty = b.record("", {});
  const TypeId wrapped = b.record("", {{"__empty", empty}, {"data", b.array(u8, 0)}});
  const TypeId both = b.union_of("", {{"", wrapped}, {"words", b.array(u16, 0)}});
  const TypeId message = b.record("message", {{"len", u16}, {"", both}});
  EXPECT_EQ(show(message, std::uint16_t{1}, std::uint16_t{0x0201}),
            "message{len=1:uint16, ={={__empty={}, data=[2: 1:uint8, 2:uint8]}, words=[1: 513:uint16]}}");
}

TEST_F(Truncated, AnArrayWithoutLengthInTheMiddleIsEmpty) {
  const TypeId message = b.record("message", {{"start", b.array(u8, 0)}, {"len", u32}});
  EXPECT_EQ(show(message, 9U, 7U), "message{start=[0:], len=9:uint32}");
}

TEST_F(Truncated, AStructInAnArrayTakesNothingOfItsNeighbour) {
  const TypeId message = b.record("message", {{"len", u32}, {"data", b.array(u32, 0)}});
  EXPECT_EQ(show(b.array(message, 2), 1U, 2U),
            "[2: message{len=1:uint32, data=[0:]}, message{len=2:uint32, data=[0:]}]");
}

TEST_F(Truncated, AVariableTakesOnlyItsOwnBytes) {
  const TypeId message = b.record("message", {{"len", u32}, {"data", b.array(u32, 0)}});
  const TypeId first = b.variable("first", message), second = b.variable("second", u32);
  EXPECT_EQ(show(b.section(".data", {{first, 0, 8}, {second, 8, 4}}), 1U, 2U, 3U),
            ".data{first=message{len=1:uint32, data=[1: 2:uint32]}, second=3:uint32}");
}

} // namespace
} // namespace mapscope::test
