// SPDX-License-Identifier: Apache-2.0
// Bitfields as values, in both forms that BTF has for them.
#include "tests/support/btf_builder.hpp"
#include "tests/support/value_tree.hpp"

#include <gtest/gtest.h>

namespace mapscope::test {
namespace {

struct Bitfields : testing::Test {
  BtfBuilder b;
  TypeId u8 = b.u8(), u32 = b.u32(), i32 = b.i32(), u64 = b.u64();
  template <class... Numbers> std::string show(TypeId type, Numbers... numbers) {
    return decode_text(b.types(), type, pack(numbers...));
  }
};

TEST_F(Bitfields, OrdinaryMembersBesideThem) {
  const TypeId type =
      b.record("r", {{"plain", u32}, {"a", u32, 32, 3}, {"b", u32, 35, 5}, {"after", u32, 64}}, 12);
  EXPECT_EQ(show(type, 100U, 0b11010'101U, 7U), "r{plain=100:uint32, a=5:uint3, b=26:uint5, after=7:uint32}");
}

TEST_F(Bitfields, SignExtension) {
  const TypeId type = b.record("r", {{"s", i32, 0, 3}, {"u", u32, 3, 3}, {"one", i32, 6, 1}}, 4);
  EXPECT_EQ(show(type, 0b1'101'101U), "r{s=-3:int3, u=5:uint3, one=-1:int1}");
}

TEST_F(Bitfields, AcrossStorageUnits) {
  const TypeId type =
      b.record("r", {{"head", u64, 0, 60}, {"across", u64, 60, 64}, {"tail", u8, 124, 4}}, 16);
  EXPECT_EQ(show(type, 0xf000000000000001ULL, 0xa0123456789abcdeULL),
            "r{head=1:uint60, across=" + std::to_string(0x0123456789abcdefULL) + ":uint64, tail=10:uint4}");
}

TEST_F(Bitfields, SixtyFourBitsFromEveryBit) {
  for (std::uint32_t shift = 0; shift < 8; ++shift) {
    BtfBuilder own;
    const TypeId type = own.record("r", {{"x", own.u64(), shift, 64}}, 16);
    const std::uint64_t value = 0xfedcba9876543210, over = shift == 0 ? 0 : value >> (64 - shift);
    EXPECT_EQ(decode_text(own.types(), type, pack(value << shift, over)), "r{x=18364758544493064720:uint64}")
        << shift;
  }
}

TEST_F(Bitfields, UpTo128BitsFromEveryBit) {
  for (std::uint32_t shift = 0; shift < 8; ++shift) {
    BtfBuilder own;
    const TypeId wide = own.integer("__int128", 16, BTF_INT_SIGNED);
    const TypeId type = own.record("r", {{"x", wide, shift, 128}}, 24);
    EXPECT_EQ(decode_text(own.types(), type, pack(~0ULL << shift, ~0ULL, 0x7fULL >> (7 - shift))),
              "r{x=-1:wide128<ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff>}")
        << shift;
  }
  const TypeId without = b.integer("unsigned __int128", 16),
               with_sign = b.integer("__int128", 16, BTF_INT_SIGNED);
  const TypeId type = b.record("r", {{"a", without, 0, 65}, {"b", with_sign, 65, 63}}, 16);
  EXPECT_EQ(show(type, 5ULL, ~0ULL),
            "r{a=18446744073709551621:wide65<05 00 00 00 00 00 00 00 01>, b=-1:int63}");
}

TEST_F(Bitfields, EnumsKeepTheirNames) {
  const TypeId state = b.enumeration("state", {{"IDLE", 0}, {"BUSY", 2}});
  const TypeId level = b.enumeration("level", {{"BELOW", -1}, {"ABOVE", 1}});
  const TypeId wide = b.enumeration64("wide", {{"W", 3}}, false);
  const TypeId type =
      b.record("r", {{"a", state, 0, 2}, {"b", level, 2, 2}, {"c", state, 4, 3}, {"w", wide, 7, 2}}, 8);
  EXPECT_EQ(show(type, 0b11'111'11'10ULL),
            "r{a=BUSY(2):uenum2, b=BELOW(-1):enum2, c=?(7):uenum3, w=W(3):uenum2}");
}

TEST_F(Bitfields, BooleansAndCharacters) {
  const TypeId boolean = b.boolean(), character = b.character();
  const TypeId type = b.record("r", {{"t", boolean, 0, 1}, {"f", boolean, 1, 1}, {"c", character, 2, 3}}, 1);
  EXPECT_EQ(show(type, std::uint8_t{0b101'01}), "r{t=true, f=false, c=5:uint3}");
}

TEST_F(Bitfields, ThroughTypedefs) {
  const TypeId alias = b.typedef_of("flag_t", b.const_of(u32));
  EXPECT_EQ(show(b.record("r", {{"a", alias, 4, 4}}, 4), 0x70U), "r{a=7:uint4}");
}

TEST_F(Bitfields, InUnions) {
  EXPECT_EQ(show(b.union_of("u", {{"low", u32, 0, 4}, {"all", u32}}), 0x12U),
            "u{low=2:uint4, all=18:uint32}");
}

TEST_F(Bitfields, OfWhatCannotBeOne) {
  const TypeId inner = b.record("inner", {{"a", u32}});
  EXPECT_EQ(show(b.record("r", {{"a", inner, 0, 4}}, 4), 1U),
            "r{a=unsupported(a bitfield of type struct inner)}");
  EXPECT_EQ(show(b.record("r", {{"a", u64, 0, 65}}, 16), 1ULL, 1ULL),
            "r{a=unsupported(a bitfield of 65 bits)}");
}

TEST_F(Bitfields, OrdinaryMemberInsideAByte) {
  const TypeId type = b.record("r", {{"a", u32, 0}, {"b", u32, 32}}, 8);
  b.patch(type, 8, 35); // b's offset, without kind_flag
  EXPECT_EQ(show(type, 1U, 2U), "r{a=1:uint32, b=unsupported(a member at bit 3 that is no bitfield)}");
}

TEST_F(Bitfields, OfOldObjects) {
  const TypeId low = b.integer("unsigned int", 4), high = b.integer("int", 4, BTF_INT_SIGNED);
  b.patch(low, 3, 3);                                     // 3 bits
  b.patch(high, 3, BTF_INT_SIGNED << 24 | 3U << 16 | 4U); // 4 bits above 3
  const TypeId type =
      b.record("r", {{"plain", u32, 0}, {"low", low, 32}, {"high", high, 32}, {"next", low, 32}}, 8);
  b.patch(type, 3 + 3 * 3 + 2, 39); // libbpf itself writes only the newer form there
  ASSERT_FALSE(btf_kflag(b.types()->type(type)));
  EXPECT_EQ(show(type, 9U, 0b110'1110'101U), "r{plain=9:uint32, low=5:uint3, high=-2:int4, next=6:uint3}");
}

TEST_F(Bitfields, OldIntegersWithImpossibleBits) {
  const TypeId none = b.integer("none", 4), many = b.integer("many", 4);
  b.patch(none, 3, 0);
  b.patch(many, 3, 8U << 16 | 30);
  EXPECT_EQ(show(b.record("r", {{"a", none, 0}, {"b", many, 32}}, 8), 1U, 2U), "r{a=1:uint32, b=2:uint32}");
}

} // namespace
} // namespace mapscope::test
