// SPDX-License-Identifier: Apache-2.0
#include "host/btf/same_layout.hpp"
#include "tests/support/btf_builder.hpp"

#include <gtest/gtest.h>

namespace mapscope::test {
namespace {

bool same(const BtfBuilder& a, TypeId of_a, const BtfBuilder& b, TypeId of_b) {
  return btf::same_layout(*a.types("a"), of_a, *b.types("b"), of_b);
}

TEST(SameLayout, OfOtherIdsAndOtherNamesOfNumbers) {
  BtfBuilder a, b;
  b.u8();
  const auto one = a.record("x", {{"n", a.u64()}, {"e", a.enumeration("state", {{"IDLE", 0}})}});
  const auto other = b.record(
      "x", {{"n", b.typedef_of("u64", b.const_of(b.u64()))}, {"e", b.enumeration("state", {{"IDLE", 0}})}});
  EXPECT_TRUE(same(a, one, b, other));
}

TEST(SameLayout, NotOfOtherMembers) {
  BtfBuilder a, b;
  const auto x = a.record("x", {{"n", a.u32()}, {"m", a.u32()}});
  EXPECT_FALSE(same(a, x, b, b.record("x", {{"n", b.u32()}})));
  EXPECT_FALSE(same(a, x, b, b.record("x", {{"n", b.u32()}, {"other", b.u32()}})));
  EXPECT_FALSE(same(a, x, b, b.record("x", {{"m", b.u32()}, {"n", b.u32()}})));
  EXPECT_FALSE(same(a, x, b, b.record("x", {{"n", b.u32()}, {"m", b.i32()}})));
  EXPECT_FALSE(same(a, x, b, b.union_of("x", {{"n", b.u64()}})));
  EXPECT_FALSE(same(a, x, b, b.record("x", {{"n", b.u32(), 0, 3}, {"m", b.u32()}})));
}

TEST(SameLayout, LooksInsideAndNotBehindPointers) {
  BtfBuilder a, b;
  const auto a_inner = a.record("inner", {{"n", a.u32()}}), b_inner = b.record("inner", {{"k", b.u32()}});
  EXPECT_FALSE(
      same(a, a.record("x", {{"in", a.array(a_inner, 2)}}), b, b.record("x", {{"in", b.array(b_inner, 2)}})));
  EXPECT_TRUE(
      same(a, a.record("y", {{"in", a.pointer(a_inner)}}), b, b.record("y", {{"in", b.pointer(b_inner)}})));
}

TEST(SameLayout, OfConstants) {
  BtfBuilder a, b;
  const auto state = a.enumeration("state", {{"IDLE", 0}, {"BUSY", 7}});
  EXPECT_TRUE(same(a, state, b, b.enumeration("state", {{"IDLE", 0}, {"BUSY", 7}})));
  EXPECT_FALSE(same(a, state, b, b.enumeration("state", {{"IDLE", 0}, {"BUSY", 8}})));
  EXPECT_FALSE(same(a, state, b, b.enumeration("state", {{"IDLE", 0}})));
}

/// No compiler writes a struct that has itself inside.
TEST(SameLayout, EndsInACircle) {
  BtfBuilder a, b;
  for (BtfBuilder* builder : {&a, &b}) {
    const auto x = builder->record("x", {{"n", builder->u32()}});
    builder->patch(x, 4, x); // the type of its member
  }
  const auto one = a.types("a"), other = b.types("b");
  (void)btf::same_layout(*one, *one->find("struct x"), *other, *other->find("struct x"));
}

} // namespace
} // namespace mapscope::test
