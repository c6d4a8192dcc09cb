// SPDX-License-Identifier: Apache-2.0
// Every BTF kind as a value.
#include "tests/support/btf_builder.hpp"
#include "tests/support/value_tree.hpp"

#include <bit>
#include <gmock/gmock.h>
#include <limits>

namespace mapscope::test {
namespace {

using testing::EndsWith;
using testing::StartsWith;

struct Kinds : testing::Test {
  BtfBuilder b;
  template <class... Numbers> std::string show(TypeId type, Numbers... numbers) {
    return decode_text(b.types(), type, pack(numbers...));
  }
};

TEST_F(Kinds, IntegersOfEveryWidth) {
  EXPECT_EQ(show(b.u8(), std::uint8_t{0xff}), "255:uint8");
  EXPECT_EQ(show(b.i8(), std::uint8_t{0xff}), "-1:int8");
  EXPECT_EQ(show(b.u16(), std::uint16_t{0xfffe}), "65534:uint16");
  EXPECT_EQ(show(b.i16(), std::uint16_t{0xfffe}), "-2:int16");
  EXPECT_EQ(show(b.u32(), 0xffffffffU), "4294967295:uint32");
  EXPECT_EQ(show(b.i32(), 0x80000000U), "-2147483648:int32");
  EXPECT_EQ(show(b.u64(), ~0ULL), "18446744073709551615:uint64");
  EXPECT_EQ(show(b.i64(), 1ULL << 63), "-9223372036854775808:int64");
}

TEST_F(Kinds, IntegersOfOddSizes) {
  const TypeId three = b.integer("s24", 4, BTF_INT_SIGNED), none = b.integer("s0", 4);
  b.patch(three, 2, 3);
  b.patch(none, 2, 0);
  EXPECT_EQ(show(three, std::uint8_t{0xfe}, std::uint8_t{0xff}, std::uint8_t{0xff}), "-2:int24");
  EXPECT_EQ(show(none, 1), "unsupported(an integer of 0 bytes)");
}

TEST_F(Kinds, WhatLibbpfPutsInPlaceOfKindsThatAKernelDoesNotKnow) {
  const TypeId no_float = b.record("", {}, 4), no_name = b.integer("enum64_placeholder", 1),
               no_enum = b.union_of("huge", {{"HUGE_TOP", no_name}, {"HUGE_ONE", no_name}}, 8);
  EXPECT_EQ(show(no_float, 0.5F), "<00 00 00 3f>");
  EXPECT_EQ(show(no_enum, ~0ULL), "18446744073709551615:uint64");
  EXPECT_EQ(show(b.record("named", {}, 4), 1U), "named{}") << "as the kernel's own have it";
  EXPECT_EQ(show(b.union_of("of_bytes", {{"a", b.u8()}}, 8), 1ULL), "of_bytes{a=1:uint8}");
}

TEST_F(Kinds, IntegersWiderThan64Bits) {
  const TypeId with_sign = b.integer("__int128", 16, BTF_INT_SIGNED),
               without = b.integer("unsigned __int128", 16);
  EXPECT_EQ(show(with_sign, 1ULL, 2ULL),
            "36893488147419103233:wide128<01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00>");
  EXPECT_THAT(show(with_sign, ~0ULL, ~0ULL), StartsWith("-1:wide128<ff "));
  EXPECT_THAT(show(with_sign, 0ULL, 1ULL << 63),
              StartsWith("-170141183460469231731687303715884105728:wide128<"));
  EXPECT_THAT(show(without, ~0ULL, ~0ULL), StartsWith("340282366920938463463374607431768211455:wide128<"));
  const TypeId odd = b.integer("s96", 16, BTF_INT_SIGNED);
  b.patch(odd, 2, 12);
  EXPECT_THAT(show(odd, ~0ULL, ~0U), StartsWith("-1:wide96<"));
  b.patch(odd, 2, 17);
  EXPECT_THAT(show(odd, 1ULL, 0ULL, std::uint8_t{}), StartsWith("<01 00"));
}

TEST_F(Kinds, TheBitsOfAnIntegersOwnRecordAreIgnored) {
  const TypeId odd = b.u32();
  b.patch(odd, 3, 4U << 16 | 5);
  EXPECT_EQ(show(odd, 0xffffffffU), "4294967295:uint32");
}

TEST_F(Kinds, Booleans) {
  EXPECT_EQ(show(b.boolean(), std::uint8_t{0}), "false");
  EXPECT_EQ(show(b.boolean(), std::uint8_t{2}), "true");
  EXPECT_EQ(show(b.integer("bool4", 4, BTF_INT_BOOL), 0x01000000U), "true");
  EXPECT_EQ(show(b.integer("bool16", 16, BTF_INT_BOOL), 0ULL, 0ULL), "false");
  EXPECT_EQ(show(b.integer("bool16", 16, BTF_INT_BOOL), 0ULL, 1ULL << 63), "true");
}

TEST_F(Kinds, Characters) {
  EXPECT_EQ(show(b.character(), 'A'), "65:char");
  EXPECT_EQ(show(b.character(), '\xff'), "255:char");
  EXPECT_EQ(show(b.integer("wchar", 4, BTF_INT_CHAR), 65U), "65:uint32") << "only one-byte characters are";
}

TEST_F(Kinds, FloatingPoint) {
  EXPECT_EQ(show(b.real("float", 4), 0.1F), "0.10000000149011612:float32");
  EXPECT_EQ(show(b.real("double", 8), 0.5), "0.5:float64");
  EXPECT_EQ(show(b.real("double", 8), -std::numeric_limits<double>::infinity()), "-inf:float64");
}

TEST_F(Kinds, FloatsOfTwoBytesByTheirNames) {
  const auto named = [&](const char* name, std::uint16_t bits) { return show(b.real(name, 2), bits); };
  EXPECT_EQ(named("_Float16", 0x3c00), "1:wide16<00 3c>binary16");
  EXPECT_EQ(named("_Float16", 0xc100), "-2.5:wide16<00 c1>binary16");
  EXPECT_EQ(named("_Float16", 0x0400), "6.103515625e-05:wide16<00 04>binary16");
  EXPECT_THAT(named("_Float16", 0x0001), StartsWith("5.96046447753906"));
  EXPECT_THAT(named("_Float16", 0x7c00), StartsWith("inf:"));
  EXPECT_THAT(named("_Float16", 0x7e00), StartsWith("nan:"));
  EXPECT_EQ(named("__bf16", 0x3fc0), "1.5:wide16<c0 3f>bfloat16");
  EXPECT_EQ(named("half", 0x3c00), ":wide16<00 3c>binary16 or bfloat16")
      << "no number is better than a wrong one";
}

TEST_F(Kinds, LongDoubles) {
  const TypeId wide = b.real("long double", 16), quad = b.real("_Float128", 16);
  EXPECT_THAT(show(wide, 1ULL << 63, 0x3ffeULL), StartsWith("0.5:wide128<"));
  EXPECT_THAT(show(wide, 1ULL << 63, 0x3ffeULL), EndsWith(">x87?"));
  EXPECT_THAT(show(wide, 3ULL << 62, 0xc000ULL), StartsWith("-3:wide128<"));
  EXPECT_THAT(show(wide, 1ULL << 63, 0x7fffULL), StartsWith("inf:"));
  EXPECT_THAT(show(wide, 0ULL, 0x3ffe800000000000ULL), StartsWith("0.75:wide128<"));
  EXPECT_THAT(show(wide, 0ULL, 0x3ffe800000000000ULL), EndsWith(">binary128?"));
  EXPECT_THAT(show(quad, 0ULL, 0xc000800000000000ULL), StartsWith("-3:wide128<"));
  EXPECT_THAT(show(quad, 0ULL, 0xc000800000000000ULL), EndsWith(">binary128"));
  EXPECT_THAT(show(quad, 1ULL, 0x7fff000000000000ULL), StartsWith("nan:"));
  EXPECT_THAT(show(wide, 0ULL, 0ULL), EndsWith("00>")) << "zero in any format";
  EXPECT_THAT(show(b.real("long double", 12), 1ULL << 63, 0x3fffU), StartsWith("1:wide96<"));
  EXPECT_EQ(show(b.real("long double", 12), 0U), "truncated(12/4, <00 00 00 00>)");
}

TEST_F(Kinds, Enums) {
  const TypeId mode = b.enumeration("mode", {{"MODE_RUN", 1}, {"MODE_DRAIN", 2}, {"MODE_ALSO", 2}});
  EXPECT_EQ(show(mode, 2U), "MODE_DRAIN(2):uenum32") << "the constant declared first";
  EXPECT_EQ(show(mode, 99U), "?(99):uenum32");
  EXPECT_EQ(show(mode, 0xffffffffU), "?(4294967295):uenum32");
}

TEST_F(Kinds, EnumsWithoutConstants) { EXPECT_EQ(show(b.enumeration("none", {}), 7U), "?(7):uenum32"); }

TEST_F(Kinds, SignedEnums) {
  const TypeId level = b.enumeration("level", {{"LOW", -2}, {"HIGH", 5}});
  EXPECT_EQ(show(level, -2), "LOW(-2):enum32");
  EXPECT_EQ(show(level, -3), "?(-3):enum32");
}

TEST_F(Kinds, SmallEnumsMatchAfterTruncation) {
  const std::vector<Constant> constants = {{"NONE", -1}, {"SOME", 3}, {"MIN", -128}};
  const TypeId one = b.enumeration("one", constants, 1), two = b.enumeration("two", constants, 2);
  EXPECT_EQ(show(one, std::int8_t{-1}), "NONE(-1):enum8");
  EXPECT_EQ(show(one, std::int8_t{-128}), "MIN(-128):enum8");
  EXPECT_EQ(show(one, std::int8_t{3}), "SOME(3):enum8");
  EXPECT_EQ(show(two, std::int16_t{-1}), "NONE(-1):enum16");
  EXPECT_EQ(show(two, std::uint16_t{255}), "?(255):enum16");
}

TEST_F(Kinds, EnumsOfEightBytesWith32BitConstants) {
  const TypeId wide = b.enumeration("wide", {{"NEG", -1}}, 8);
  EXPECT_EQ(show(wide, ~0ULL), "NEG(-1):enum64");
  EXPECT_EQ(show(wide, 0xffffffffULL), "?(4294967295):enum64");
}

TEST_F(Kinds, Enum64) {
  const TypeId plain = b.enumeration64("plain", {{"BIG", std::int64_t{1} << 40}, {"TOP", -1}}, false);
  const TypeId with_sign = b.enumeration64("with_sign", {{"LOW", -5}}, true);
  EXPECT_EQ(show(plain, 1ULL << 40), "BIG(1099511627776):uenum64");
  EXPECT_EQ(show(plain, ~0ULL), "TOP(-1):uenum64") << "two's complement above 2^63-1";
  EXPECT_EQ(show(with_sign, std::int64_t{-5}), "LOW(-5):enum64");
}

TEST_F(Kinds, EnumsOfObjectsThatDoNotKnowTheSignFlag) {
  const TypeId old = b.enumeration("old", {{"ERR", -1}, {"OK", 0}});
  b.patch(old, 1, BTF_KIND_ENUM << 24 | 2);
  EXPECT_EQ(show(old, -1), "ERR(-1):enum32");
}

TEST_F(Kinds, EnumsWithTheTopBitInObjectsThatKnowTheSignFlag) {
  const TypeId flags = b.enumeration("flags", {{"TOP", std::int64_t{1} << 31}});
  b.enumeration("other", {{"NEGATIVE", -1}});
  EXPECT_EQ(show(flags, 1U << 31), "TOP(2147483648):uenum32");
}

TEST_F(Kinds, EnumsOfImpossibleSizes) {
  const TypeId none = b.enumeration("none", {{"A", 1}}), much = b.enumeration("much", {{"A", 1}});
  b.patch(none, 2, 0);
  b.patch(much, 2, 16);
  EXPECT_EQ(show(none, 1), "unsupported(an enum of 0 bytes)");
  EXPECT_EQ(show(much, 1ULL, 1ULL), "unsupported(an enum of 16 bytes)");
}

TEST_F(Kinds, StructsAndUnions) {
  const TypeId i16 = b.i16(), u32 = b.u32(), u8 = b.u8();
  const TypeId point = b.record("point", {{"x", i16}, {"y", u32}});
  const TypeId both = b.union_of("", {{"word", u32}, {"byte", u8}});
  const TypeId outer = b.record("outer", {{"p", point}, {"", both}});
  EXPECT_EQ(show(outer, std::int16_t{-3}, std::uint16_t{}, 7U, 0x0102U),
            "outer{p=point{x=-3:int16, y=7:uint32}, ={word=258:uint32, byte=2:uint8}}");
}

TEST_F(Kinds, EmptyStruct) { EXPECT_EQ(show(b.record("none", {})), "none{}"); }

TEST_F(Kinds, Arrays) {
  const TypeId u8 = b.u8(), grid = b.array(b.array(u8, 3), 2);
  EXPECT_EQ(show(grid, 0x04030201U, std::uint16_t{0x0605}),
            "[2: [3: 1:uint8, 2:uint8, 3:uint8], [3: 4:uint8, 5:uint8, 6:uint8]]");
}

/// What clang, pahole and gcc call and flag them.
TEST_F(Kinds, TextIsOfPlainCharactersAlone) {
  const auto two = [&](TypeId element) { return show(b.array(element, 2), 'h', 'i'); };
  EXPECT_EQ(two(b.integer("char", 1, BTF_INT_SIGNED)), "[text 2: 104:int8, 105:int8]");
  EXPECT_EQ(two(b.integer("char", 1)), "[text 2: 104:uint8, 105:uint8]");
  EXPECT_EQ(two(b.character()), "[text 2: 104:char, 105:char]");
  EXPECT_EQ(two(b.typedef_of("letter", b.const_of(b.integer("char", 1)))), "[text 2: 104:uint8, 105:uint8]");
  EXPECT_EQ(two(b.i8()), "[2: 104:int8, 105:int8]");
  EXPECT_EQ(two(b.integer("unsigned char", 1, BTF_INT_CHAR)), "[2: 104:char, 105:char]");
  EXPECT_EQ(two(b.integer("signed char", 1, BTF_INT_CHAR)), "[2: 104:char, 105:char]");
  EXPECT_EQ(two(b.boolean()), "[2: true, true]");
  EXPECT_EQ(show(b.array(b.integer("char", 4), 1), 104), "[1: 104:uint32]");
  const TypeId open = b.record("line", {{"length", b.u8()}, {"text", b.array(b.integer("char", 1), 0)}});
  EXPECT_EQ(show(open, std::uint8_t{2}, 'h', 'i'),
            "line{length=2:uint8, text=[text 2: 104:uint8, 105:uint8]}");
}

TEST_F(Kinds, ArraysOfNothing) {
  const TypeId u32 = b.u32(), empty = b.record("empty", {});
  EXPECT_EQ(show(b.array(u32, 0)), "[0:]");
  EXPECT_EQ(show(b.array(empty, 3)), "[3: empty{}, empty{}, empty{}]");
  EXPECT_EQ(show(b.array(b.array(u32, 0), 2), 1U), "[2: [0:], [0:]]");
}

TEST_F(Kinds, ArraysOfWhatHasNoSize) {
  EXPECT_EQ(show(b.array(b.forward("f"), 3), 1U), "unsupported(an array of struct f)");
  EXPECT_EQ(show(b.array(b.prototype(), 3), 1U), "unsupported(an array of void(...))");
}

TEST_F(Kinds, PointersAreNumbers) {
  EXPECT_EQ(show(b.pointer(0), 0xffff888000001000ULL), "0xffff888000001000");
  EXPECT_EQ(show(b.pointer(b.forward("f")), 0ULL), "0x0");
}

TEST_F(Kinds, WhatHasNoValueSaysWhy) {
  EXPECT_EQ(show(b.forward("f"), 1), "unsupported(struct f is declared here and defined elsewhere)");
  EXPECT_EQ(show(b.function("f"), 1), "unsupported(a function has no value)");
  EXPECT_EQ(show(b.prototype(), 1), "unsupported(a function has no value)");
  EXPECT_EQ(show(0, 1), "unsupported(void has no value)");
  EXPECT_EQ(show(b.const_of(0), 1), "unsupported(void has no value)");
}

TEST_F(Kinds, ModifiersAreTransparent) {
  const TypeId chain =
      b.typedef_of("t", b.const_of(b.volatile_of(b.restrict_of(b.type_tag("user", b.u32())))));
  EXPECT_EQ(show(b.decl_tag("mark", chain), 7U), "7:uint32");
}

TEST_F(Kinds, TheTypesNameIsAsSpelled) {
  const TypeId alias = b.typedef_of("foo_t", b.u32());
  EXPECT_EQ(btf::Decoder::compile(b.types(), alias, {})->type_name(), "foo_t");
  EXPECT_EQ(btf::Decoder::raw_bytes()->type_name(), "");
}

TEST_F(Kinds, DataSections) {
  const TypeId u32 = b.u32(), u64 = b.u64();
  const TypeId first = b.variable("first", u32),
               second = b.variable("second", b.const_of(u64), BTF_VAR_STATIC);
  EXPECT_EQ(show(b.section(".bss", {{second, 8, 8}, {first, 0, 4}}), 5U, 0U, 6ULL),
            ".bss{second=6:uint64, first=5:uint32}")
      << "in the order of the section";
}

TEST_F(Kinds, VariableAlone) { EXPECT_EQ(show(b.variable("v", b.u32()), 5U), "5:uint32"); }

TEST_F(Kinds, ExternVariablesWithoutSizes) {
  const TypeId kconfig = b.variable("CONFIG_HZ", b.u32(), BTF_VAR_GLOBAL_EXTERN);
  const TypeId ksym = b.variable("some_ksym", 0, BTF_VAR_GLOBAL_EXTERN);
  const TypeId function = b.function("some_kfunc");
  EXPECT_EQ(show(b.section(".kconfig", {{kconfig, 0, 0}, {ksym, 4, 0}, {function, 4, 0}}), 250U, 0U),
            ".kconfig{CONFIG_HZ=250:uint32, some_ksym=unsupported(void has no value), "
            "some_kfunc=unsupported(a function has no value)}");
}

TEST_F(Kinds, BytesWithoutAType) {
  const auto raw = btf::Decoder::raw_bytes();
  EXPECT_EQ(decode_tree(*raw, pack(std::uint16_t{0xff00})).text(), "<00 ff>");
  EXPECT_EQ(decode_tree(*raw, {}).text(), "<>");
}

TEST_F(Kinds, AddressesOfKernelObjects) {
  const auto pointer = btf::Decoder::kernel_pointer();
  EXPECT_EQ(decode_tree(*pointer, pack(0xffff888000001000ULL)).text(), "0xffff888000001000");
  EXPECT_EQ(decode_tree(*pointer, pack(std::uint16_t{0xff00})).text(), "truncated(8/2, <00 ff>)");
}

TEST_F(Kinds, PrintableText) {
  const std::string_view bytes("queue \"full\\\0\n~\x7f\xff", 17);
  EXPECT_EQ(decode_tree(*btf::Decoder::printable_text(), std::as_bytes(std::span(bytes))).text(),
            "\"queue \"full\\\\x00\\x0a~\\x7f\\xff\"")
      << "a backslash is not escaped";
}

} // namespace
} // namespace mapscope::test
