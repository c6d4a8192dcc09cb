// SPDX-License-Identifier: Apache-2.0
// Member paths: names, indices, anonymous members, bitfields in both forms.
#include "tests/support/btf_builder.hpp"

#include <gtest/gtest.h>

namespace mapscope::test {
namespace {

struct MemberPath : testing::Test {
  BtfBuilder b;
  TypeId u8 = b.u8(), u32 = b.u32(), u64 = b.u64();
  TypeId inner = b.record("inner", {{"low", u32}, {"high", u32}});
  TypeId anonymous = b.union_of("", {{"raw", u64}, {"", b.record("", {{"deep", u32}, {"deeper", u32}})}});
  TypeId list = b.array(inner, 4);
  TypeId alias = b.typedef_of("inner_t", b.const_of(inner));
  TypeId flexible = b.array(inner, 0);
  TypeId grid = b.array(b.array(u32, 3), 2);
  TypeId outer = b.record(
      "outer",
      {{"first", u8}, {"", anonymous}, {"list", list}, {"alias", alias}, {"grid", grid}, {"tail", flexible}});
};

TEST_F(MemberPath, NamesAndIndices) {
  const auto types = b.types();
  EXPECT_EQ(types->offset_of("struct outer", "first"), 0U);
  EXPECT_EQ(types->offset_of("struct outer", "list"), 16U);
  EXPECT_EQ(types->offset_of("struct outer", "list[3].high"), 16U + 3 * 8 + 4);
  EXPECT_EQ(types->offset_of("struct outer", "alias.high"), 48U + 4);
  EXPECT_EQ(types->offset_of("struct outer", "grid[1][2]"), 56U + 12 + 8);
  EXPECT_EQ(types->member(outer, "list[1]")->type, inner);
  EXPECT_EQ(types->member(list, "[2].low")->offset(), 16U);
  EXPECT_EQ(types->member(outer, "")->type, outer);
}

TEST_F(MemberPath, AnonymousMembersAreEntered) {
  const auto types = b.types();
  EXPECT_EQ(types->offset_of("struct outer", "raw"), 8U);
  EXPECT_EQ(types->offset_of("struct outer", "deep"), 8U);
  EXPECT_EQ(types->offset_of("struct outer", "deeper"), 12U);
}

TEST_F(MemberPath, AnyIndexOfAFlexibleArray) {
  const auto types = b.types();
  EXPECT_EQ(types->offset_of("struct outer", "tail[1000].low"), 80U + 8000);
}

TEST_F(MemberPath, SaysWhatIsMissing) {
  const auto types = b.types();
  EXPECT_EQ(types->member(outer, "alias.none").error().text, "inner_t has no member none");
  EXPECT_EQ(types->member(outer, "list[4]").error().text, "struct inner[4] has no element 4");
  EXPECT_EQ(types->member(outer, "first[0]").error().text, "__u8 is not an array");
  EXPECT_EQ(types->member(outer, "first.x").error().code, Errc::not_found);
  EXPECT_EQ(types->offset_of("struct none", "x").error().text, "no struct none in the BTF of test");
}

TEST_F(MemberPath, TheNearestToAWrongName) {
  const auto types = b.types();
  EXPECT_EQ(types->nearest_member(outer, "firts"), "first");
  EXPECT_EQ(types->nearest_member(outer, "depeer"), "deeper") << "in an anonymous one";
  EXPECT_EQ(types->nearest_member(outer, "list[1].hihg"), "high");
  EXPECT_EQ(types->nearest_member(outer, "quite_another"), "");
  EXPECT_EQ(types->nearest_member(outer, "first"), "") << "that is there";
  EXPECT_EQ(types->nearest_member(outer, "list[9].low"), "");
  EXPECT_EQ(types->nearest_member(u32, "x"), "");
}

TEST_F(MemberPath, MalformedPathsAreUsageErrors) {
  const auto types = b.types();
  for (const char* path : {".first", "list.", "list..x", "list[", "list[]", "list[x]", "list[-1]",
                           "list[0]low", "list[9999999999]"})
    EXPECT_EQ(types->member(outer, path).error().code, Errc::usage) << path;
}

TEST_F(MemberPath, BitfieldsUnderKindFlag) {
  const TypeId flags = b.record("flags", {{"plain", u32}, {"a", u32, 32, 3}, {"b", u32, 35, 7}});
  const auto types = b.types();
  ASSERT_TRUE(btf_kflag(types->type(flags)));
  const auto plain = types->member(flags, "plain"), b_member = types->member(flags, "b");
  EXPECT_EQ(plain->bit_size, 0U);
  EXPECT_EQ(plain->bit_offset, 0U);
  EXPECT_EQ(b_member->bit_size, 7U);
  EXPECT_EQ(b_member->bit_offset, 35U);
  EXPECT_EQ(b_member->offset(), 4U);
}

TEST_F(MemberPath, BitfieldsOfOldObjects) {
  const TypeId three = b.integer("unsigned int", 4);
  b.patch(three, 3, 5U << 16 | 3); // bits 5..7 of the integer
  const TypeId flags = b.record("flags", {{"plain", u32, 0}, {"a", three, 32}}, 8);
  const auto types = b.types();
  ASSERT_FALSE(btf_kflag(types->type(flags)));
  EXPECT_EQ(types->member(flags, "plain")->bit_size, 0U);
  EXPECT_EQ(types->member(flags, "a")->bit_size, 3U);
  EXPECT_EQ(types->member(flags, "a")->bit_offset, 37U);
}

TEST_F(MemberPath, MembersByTheirPlace) {
  const TypeId call = b.pointer(b.prototype()), to_call = b.typedef_of("call_t", b.const_of(call));
  const TypeId ops = b.record("ops", {{"run", to_call}, {"flags", u32, 64, 3}, {"", inner, 128}});
  const auto types = b.types();
  EXPECT_EQ(types->member_at(ops, 0)->name, "run");
  EXPECT_TRUE(types->is_function_pointer(types->member_at(ops, 0)->member.type));
  EXPECT_EQ(types->member_at(ops, 1)->member.bit_offset, 64U);
  EXPECT_EQ(types->member_at(ops, 1)->member.bit_size, 3U);
  EXPECT_EQ(types->member_at(ops, 2)->name, "");
  EXPECT_FALSE(types->member_at(ops, 3));
  EXPECT_FALSE(types->member_at(u32, 0));
  EXPECT_FALSE(types->member_at(0, 0));
  EXPECT_FALSE(types->member_at(~0U, 0));
  for (const TypeId other : {u32, ops, b.pointer(u32), TypeId{0}, ~0U})
    EXPECT_FALSE(b.types()->is_function_pointer(other)) << other;
}

TEST_F(MemberPath, VariablesAreMembersOfTheirSection) {
  const TypeId count = b.variable("count", u64, BTF_VAR_GLOBAL_ALLOCATED),
               many = b.variable("many", list, BTF_VAR_STATIC);
  const TypeId data = b.section(".data", {{count, 8, 8}, {many, 16, 32}, {u32, 48, 4}});
  const auto types = b.types();
  EXPECT_EQ(types->member(data, "count")->offset(), 8U);
  EXPECT_EQ(types->member(data, "many[1].high")->offset(), 16U + 8 + 4);
  EXPECT_EQ(types->member_at(data, 1)->name, "many");
  EXPECT_EQ(types->member_at(data, 1)->member.type, list);
  EXPECT_FALSE(types->member_at(data, 2)) << "no variable";
  EXPECT_FALSE(types->member_at(data, 3));
  EXPECT_EQ(types->nearest_member(data, "cuont"), "count");
  EXPECT_FALSE(types->member(data, "none"));
}

TEST_F(MemberPath, StructsThatBeginWithAnother) {
  const TypeId first = b.record("first_holder", {{"it", b.typedef_of("inner_t", inner)}, {"more", u32}});
  b.record("behind", {{"more", u32}, {"it", inner}});
  b.record("empty", {});
  b.union_of("either", {{"it", inner}});
  const TypeId second = b.record("second_holder", {{"it", inner}});
  const auto types = b.types();
  EXPECT_EQ(types->next_holder(inner, first - 1), first);
  EXPECT_EQ(types->next_holder(inner, first), second);
  EXPECT_EQ(types->next_holder(inner, second), 0U);
  EXPECT_EQ(types->next_holder(0, 0), 0U);
  EXPECT_EQ(types->next_holder(inner, ~0U), 0U) << "behind the last id of all";
}

TEST_F(MemberPath, ArrayLength) {
  const auto types = b.types();
  EXPECT_EQ(types->array_length(list), 4U);
  EXPECT_EQ(types->array_length(flexible), 0U);
  EXPECT_EQ(types->array_length(inner).error().text, "struct inner is not an array");
}

} // namespace
} // namespace mapscope::test
