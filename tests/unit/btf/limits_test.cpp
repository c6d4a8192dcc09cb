// SPDX-License-Identifier: Apache-2.0
// Depth, element and value limits, and where they are said.
#include "tests/support/btf_builder.hpp"
#include "tests/support/value_tree.hpp"

#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct DecodeLimits : testing::Test {
  BtfBuilder b;
  TypeId u8 = b.u8(), u32 = b.u32();
  btf::Limits limits;
  std::string show(TypeId type, const std::vector<std::byte>& bytes) {
    return decode_text(b.types(), type, bytes, limits);
  }
  ValueNode tree(TypeId type, const std::vector<std::byte>& bytes) {
    return decode_tree(*btf::Decoder::compile(b.types(), type, limits), bytes);
  }
};

TEST_F(DecodeLimits, ArrayElements) {
  const std::vector<std::byte> bytes(5000);
  const auto shown = tree(b.array(u8, 5000), bytes);
  EXPECT_EQ(shown.label, "5000");
  EXPECT_EQ(shown.children.size(), 4097U);
  EXPECT_EQ(shown.children.back().label, "left out: zero");
  limits.elements = 2;
  EXPECT_EQ(show(b.array(u8, 5), bytes), "[5: 0:uint8, 0:uint8, left out: zero]");
  EXPECT_EQ(show(b.array(b.record("r", {{"a", u8}}), 5), bytes),
            "[5: r{a=0:uint8}, r{a=0:uint8}, left out: zero]");
  EXPECT_EQ(show(b.array(u8, 2), bytes), "[2: 0:uint8, 0:uint8]");
}

TEST_F(DecodeLimits, HiddenElementsAreLookedAt) {
  std::vector<std::byte> bytes(8192 * 4);
  const TypeId big = b.array(u32, 8192);
  const auto rest = [&] { return tree(big, bytes).children.back().label; };
  const auto cuts = [&] {
    TreeVisitor visitor;
    return btf::Decoder::compile(b.types(), big, limits)->decode(bytes, visitor);
  };
  EXPECT_EQ(rest(), "left out: zero");
  EXPECT_FALSE(cuts().any()) << "what is zero is no loss";
  bytes[5000 * 4 + 3] = std::byte{1};
  EXPECT_EQ(rest(), "left out: [5000] is not zero");
  EXPECT_EQ(cuts().longest, 8192U);
  bytes[8191 * 4] = std::byte{1}, bytes[5000 * 4 + 3] = {};
  EXPECT_EQ(rest(), "left out: [8191] is not zero");
  bytes[4096 * 4] = std::byte{1};
  EXPECT_EQ(rest(), "left out: [4096] is not zero");
  bytes.assign(5000 * 4, {}); // the end of it is not there
  EXPECT_EQ(rest(), "left out");
  EXPECT_EQ(cuts().longest, 8192U);
}

TEST_F(DecodeLimits, EachLimitThatCutIsRemembered) {
  const auto cuts = [&](TypeId type, const std::vector<std::byte>& bytes) {
    TreeVisitor visitor;
    return btf::Decoder::compile(b.types(), type, limits)->decode(bytes, visitor);
  };
  const TypeId one = b.record("one", {{"a", u32}, {"b", u32}});
  EXPECT_FALSE(cuts(one, pack(1U, 2U)).any());
  limits.nodes = 2;
  EXPECT_TRUE(cuts(one, pack(1U, 2U)).nodes);
  limits.nodes = 3, limits.depth = 1;
  EXPECT_FALSE(cuts(one, pack(1U, 2U)).nodes);
  EXPECT_TRUE(cuts(one, pack(1U, 2U)).depth);
}

TEST_F(DecodeLimits, DepthOfMembers) {
  limits.depth = 2;
  const TypeId two = b.record("two", {{"x", u32}}), one = b.record("one", {{"two", two}, {"y", u32}});
  EXPECT_EQ(show(one, pack(1U, 2U)), "one{two=two{x=unsupported(nested 2 deep, not shown)}, y=2:uint32}");
}

TEST_F(DecodeLimits, DepthOfElementsAndBitfields) {
  limits.depth = 2;
  EXPECT_EQ(show(b.array(b.array(u8, 1), 1), pack(std::uint8_t{1})),
            "[1: [1: unsupported(nested 2 deep, not shown)]]");
  const TypeId bits = b.record("bits", {{"f", u32, 0, 3}}, 4);
  EXPECT_EQ(show(b.array(bits, 1), pack(1U)), "[1: bits{f=unsupported(nested 2 deep, not shown)}]");
}

TEST_F(DecodeLimits, AVariableIsOneHopMore) {
  const TypeId section = b.section(".data", {{b.variable("v", u32), 0, 4}});
  limits.depth = 2;
  EXPECT_EQ(show(section, pack(1U)), ".data{v=unsupported(nested 2 deep, not shown)}");
  limits.depth = 3;
  EXPECT_EQ(show(section, pack(1U)), ".data{v=1:uint32}");
}

TEST_F(DecodeLimits, ThirtyOneStructsDeepIsShown) {
  TypeId type = b.record("leaf", {{"x", u32}});
  for (int i = 0; i < 30; ++i) type = b.record("r", {{"in", type}});
  EXPECT_THAT(show(type, pack(7U)), HasSubstr("leaf{x=7:uint32}"));
  EXPECT_THAT(show(b.record("r", {{"in", type}}), pack(7U)),
              HasSubstr("leaf{x=unsupported(nested 32 deep, not shown)}"));
}

TEST_F(DecodeLimits, TheBudgetThatSufficesIsNotMentioned) {
  const TypeId pair = b.record("pair", {{"a", u32}, {"b", u32}});
  limits.nodes = 3;
  EXPECT_EQ(show(pair, pack(1U, 2U)), "pair{a=1:uint32, b=2:uint32}");
}

TEST_F(DecodeLimits, ASpentBudgetIsSaidOnceAndTheRestLeftOut) {
  const TypeId inner = b.record("inner", {{"a", u32}, {"b", u32}, {"c", u32}});
  const TypeId outer = b.record("outer", {{"in", inner}, {"x", u32}, {"y", u32}});
  limits.nodes = 3;
  EXPECT_EQ(show(outer, std::vector<std::byte>(20)),
            "outer{in=inner{a=0:uint32, b=unsupported(more than 3 values; the rest is left out)}}");
  limits.nodes = 0;
  EXPECT_EQ(show(outer, {}), "unsupported(more than 0 values; the rest is left out)");
}

TEST_F(DecodeLimits, ASpentBudgetInArrays) {
  limits.nodes = 3;
  EXPECT_EQ(show(b.array(u8, 5), std::vector<std::byte>(5)),
            "[5: 0:uint8, 0:uint8, unsupported(more than 3 values; the rest is left out)]");
  EXPECT_EQ(show(b.array(b.array(u8, 2), 2), std::vector<std::byte>(4)),
            "[2: [2: 0:uint8, unsupported(more than 3 values; the rest is left out)]]");
}

TEST_F(DecodeLimits, LargeValuesCostWhatTheyWeigh) {
  const TypeId wide = b.integer("wide", 16);
  b.patch(wide, 2, 6400);
  const TypeId both = b.union_of("both", {{"a", wide}, {"b", wide}, {"c", wide}});
  limits.nodes = 150;
  const auto shown = tree(both, std::vector<std::byte>(6400));
  ASSERT_EQ(shown.children.size(), 3U);
  EXPECT_THAT(shown.children[1].label, StartsWith("<00"));
  EXPECT_EQ(shown.children[2].label, "unsupported(more than 150 values; the rest is left out)");
}

TEST_F(DecodeLimits, WhatIsTooDeepCostsToo) {
  const std::vector<Field> many(100, Field{"m", u32, 0});
  const TypeId wide = b.union_of("wide", many);
  limits.depth = 2;
  limits.nodes = 50;
  const auto shown = tree(b.array(wide, 4000), std::vector<std::byte>(16000));
  ASSERT_EQ(shown.children.size(), 1U);
  EXPECT_EQ(shown.children[0].children.size(), 49U);
  EXPECT_THAT(shown.text(), EndsWith("m=unsupported(more than 50 values; the rest is left out)}]"));
}

} // namespace
} // namespace mapscope::test
