// SPDX-License-Identifier: Apache-2.0
// BTF that no compiler writes.
#include "tests/support/btf_builder.hpp"
#include "tests/support/value_tree.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr std::uint32_t info(std::uint32_t kind, std::uint32_t vlen = 0) { return kind << 24 | vlen; }

template <class Number> void put(std::vector<std::byte>& bytes, std::size_t offset, Number value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

Error parse_error(const std::vector<std::byte>& raw) {
  const auto parsed = btf::Types::parse(raw, "object");
  if (parsed) ADD_FAILURE() << "parsed";
  return parsed ? Error{} : parsed.error();
}

TEST(HostileHeader, EveryFieldIsChecked) {
  BtfBuilder b;
  b.u32();
  const auto good = b.raw();
  const auto with = [&good](std::size_t offset, auto value) {
    auto bad = good;
    put(bad, offset, value);
    return parse_error(bad);
  };
  EXPECT_EQ(with(0, std::uint16_t{0x1234}).text,
            "object: cannot read its " + std::to_string(good.size()) +
                " bytes of BTF: begins with 0x1234 and not with BTF's 0xeb9f");
  EXPECT_EQ(with(0, std::uint16_t{0x9feb}).code, Errc::unsupported);
  EXPECT_THAT(with(0, std::uint16_t{0x9feb}).text, HasSubstr("big-endian"));
  EXPECT_THAT(with(2, std::uint8_t{2}).text, HasSubstr("BTF version 2"));
  for (const std::uint32_t length : {0U, 20U, 25U, 4000U})
    EXPECT_THAT(with(4, length).text, EndsWith("a BTF header of " + std::to_string(length) + " bytes"));
  for (const std::size_t field : {8U, 12U, 16U, 20U})
    EXPECT_EQ(with(field, 0x7ffffff0U).code, Errc::corrupt) << field;
}

TEST(HostileHeader, CutAnywhere) {
  BtfBuilder b;
  b.record("r", {{"a", b.u32()}});
  const auto good = b.raw();
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(parse_error({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}).code,
              Errc::corrupt)
        << size;
}

TEST(HostileHeader, LongerHeadersAsNewKernelsWriteThem) {
  BtfBuilder b;
  b.record("r", {{"a", b.u32()}});
  auto raw = b.raw();
  const auto lengthened = [&raw](std::size_t bytes) {
    auto longer = raw;
    longer.insert(longer.begin() + 24, bytes, std::byte{});
    put(longer, 4, static_cast<std::uint32_t>(24 + bytes));
    return longer;
  };
  auto with_layout = lengthened(8);
  put(with_layout, 24, 0x10U); // layout_off
  EXPECT_TRUE(btf::Types::parse(with_layout, "object"));
  EXPECT_TRUE(btf::Types::parse(lengthened(16), "object"));
  auto unknown = lengthened(16);
  put(unknown, 36, 1U);
  EXPECT_EQ(parse_error(unknown).code, Errc::unsupported);
}

TEST(HostileTypes, NothingCanBeRead) {
  BtfBuilder b;
  b.patch(b.const_of(0), 1, info(25));
  const Error error = parse_error(b.raw());
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_THAT(error.text, EndsWith("begins with a type of kind 25, which this version of mapscope does not "
                                   "know and whose length nothing tells"));
}

TEST(HostileTypes, SplitObjectsAreCheckedToo) {
  BtfBuilder base;
  base.u32();
  const auto vmlinux = base.types("vmlinux");
  BtfBuilder own = BtfBuilder::split_on(base);
  own.patch(own.const_of(1), 1, info(25));
  const auto parsed = btf::Types::parse(own.raw(), "module", vmlinux);
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().text, HasSubstr("module: cannot read"));
}

struct Hostile : testing::Test {
  BtfBuilder b;
  TypeId u32 = b.u32();
  std::string show(TypeId type, std::size_t bytes = 64) {
    return decode_text(b.types(), type, std::vector<std::byte>(bytes));
  }
  /// libbpf 1.2 and later look at references themselves; then the object never gets as far as our own checks.
  bool refused() {
    const auto parsed = btf::Types::parse(b.raw(), "test");
    EXPECT_TRUE(parsed || parsed.error().code == Errc::corrupt);
    return !parsed;
  }
};

TEST_F(Hostile, IdsOutsideTheObject) {
  const TypeId far = 1'000'000;
  const TypeId constant = b.const_of(far), pointer = b.pointer(far), array = b.array(far, 3);
  const TypeId record = b.record("r", {{"a", far, 0}, {"b", u32, 0}}, 8);
  const TypeId section = b.section(".data", {{far, 0, 4}, {b.variable("v", far), 0, 4}});
  if (refused()) return;
  const auto types = b.types();
  EXPECT_EQ(types->type(far), nullptr);
  EXPECT_EQ(types->name_of(far), "");
  EXPECT_EQ(types->peel(constant), 0U);
  EXPECT_EQ(types->spell(pointer), "void *");
  EXPECT_FALSE(types->size(array));
  EXPECT_FALSE(types->size(section + 10));
  EXPECT_FALSE(types->member(record, "a.b"));
  EXPECT_FALSE(types->member(far, "x"));
  EXPECT_EQ(show(far), "unsupported(type 1000000 is not in the BTF of test)");
  EXPECT_EQ(show(constant), "unsupported(type 1000000 is not in the BTF of test)");
  EXPECT_EQ(show(pointer), "0x0");
  EXPECT_EQ(show(record), "r{a=unsupported(type 1000000 is not in the BTF of test), b=0:uint32}");
  EXPECT_EQ(show(section), ".data{=unsupported(type 1000000 is not in the BTF of test), "
                           "v=unsupported(type 1000000 is not in the BTF of test)}");
}

TEST_F(Hostile, NamesOutsideTheStrings) {
  const TypeId record = b.record("r", {{"a", u32}});
  b.patch(record, 0, 0x7fffffff);
  b.patch(record, 3, 0xffffffff);
  if (refused()) return;
  EXPECT_EQ(b.types()->name_of(record), "");
  EXPECT_EQ(show(record), "{=0:uint32}");
  EXPECT_FALSE(b.types()->find("struct r"));
}

TEST_F(Hostile, EndlessNamesAreCut) {
  const std::string endless(100'000, 'n');
  const TypeId record = b.record(endless, {{endless, u32}});
  const auto types = b.types();
  EXPECT_EQ(types->name_of(record).size(), 512U);
  EXPECT_EQ(types->find("struct " + endless.substr(0, 512)), record);
  EXPECT_EQ(show(record).size(), 2 * 512 + std::strlen("{=0:uint32}"));
}

TEST_F(Hostile, CyclicTypedefs) {
  const TypeId itself = b.next_id();
  b.typedef_of("loop", itself);
  const TypeId there = b.next_id();
  b.const_of(there + 1);
  b.volatile_of(there);
  const auto types = b.types();
  EXPECT_EQ(types->peel(itself), 0U);
  EXPECT_FALSE(types->size(there));
  EXPECT_EQ(types->spell(there), "...");
  EXPECT_EQ(show(itself), "unsupported(a chain of more than 32 typedefs and qualifiers)");
  EXPECT_EQ(show(b.record("r", {{"a", there, 0}}, 8)),
            "r{a=unsupported(a chain of more than 32 typedefs and qualifiers)}");
}

TEST_F(Hostile, CyclicVariables) {
  const TypeId itself = b.next_id();
  b.variable("v", itself);
  EXPECT_FALSE(b.types()->size(itself));
  EXPECT_THAT(show(itself), HasSubstr("too much in it"));
}

TEST_F(Hostile, StructsInThemselves) {
  const TypeId itself = b.next_id();
  b.record("loop", {{"a", u32, 0}, {"again", itself, 32}}, 64);
  const std::string shown = show(itself, 4096);
  EXPECT_THAT(shown, HasSubstr("nested 32 deep, not shown"));
  EXPECT_THAT(shown, testing::StartsWith("loop{a=0:uint32, again="));
}

TEST_F(Hostile, StructsInThemselvesOftenEndWithTheBudget) {
  const TypeId itself = b.next_id();
  b.union_of("loop", std::vector<Field>(100, Field{"again", itself, 0}), 8);
  btf::Limits limits;
  limits.nodes = 1000;
  EXPECT_THAT(decode_text(b.types(), itself, pack(0ULL), limits), HasSubstr("more than 1000 values"));
}

TEST_F(Hostile, AnonymousStructsInThemselves) {
  const TypeId itself = b.next_id();
  b.union_of("", std::vector<Field>(50, Field{"", itself, 0}), 8);
  EXPECT_EQ(b.types()->member(itself, "absent").error().code, Errc::not_found);
}

TEST_F(Hostile, ArraysOfThemselves) {
  const TypeId itself = b.next_id();
  b.array(itself, 2);
  EXPECT_FALSE(b.types()->size(itself));
  EXPECT_THAT(show(itself), HasSubstr("an array of"));
  const TypeId holder = b.record("r", {{"a", itself, 0}}, 8);
  EXPECT_THAT(show(holder), HasSubstr("r{a=unsupported(an array of"));
}

TEST_F(Hostile, ArraySizesThatWrap) {
  const TypeId large = b.array(u32, 0xffffffff);
  const TypeId larger = b.array(large, 0xffffffff);
  const TypeId largest = b.array(larger, 0xffffffff);
  const auto types = b.types();
  EXPECT_EQ(types->size(large), 0xffffffffULL * 4);
  EXPECT_EQ(types->size(larger).error().code, Errc::corrupt);
  EXPECT_EQ(types->size(largest).error().code, Errc::corrupt);
  EXPECT_EQ(types->member(b.record("r", {}), "x").error().code, Errc::not_found);
  EXPECT_EQ(show(larger), "unsupported(an array larger than the address space)");
  EXPECT_THAT(show(b.record("r", {{"a", larger, 0}, {"b", u32, 0}}, 8)), EndsWith("b=0:uint32}"));
}

TEST_F(Hostile, ElementOffsetsThatWrap) {
  const TypeId large = b.array(b.array(u32, 0xffffffff), 0x3fffffff); // just below 2^64 bytes
  const TypeId outer = b.array(large, 0);
  const auto types = b.types();
  ASSERT_TRUE(types->size(large));
  EXPECT_EQ(types->member(outer, "[999999]").error().code, Errc::corrupt);
  EXPECT_EQ(types->member(large, "[199999999]").error().code, Errc::corrupt);
}

TEST_F(Hostile, MembersFarOutsideTheirStruct) {
  const TypeId record = b.record("r", {{"a", u32, 0}, {"far", u32, 0}}, 8);
  b.patch(record, 8, 0xfffffff8);
  EXPECT_EQ(show(record, 8), "r{a=0:uint32, far=truncated(4/0, truncated(4/0, <>))}");
}

TEST_F(Hostile, StructsOfImpossibleSize) {
  const TypeId record = b.record("r", {{"a", u32}});
  b.patch(record, 2, 0xffffffff);
  EXPECT_EQ(show(record, 4), "truncated(4294967295/4, r{a=0:uint32})");
}

TEST_F(Hostile, VariablesFarOutsideTheirSection) {
  const TypeId section = b.section(".data", {{b.variable("v", u32), 0xfffffff0, 0xffffffff}});
  EXPECT_EQ(show(section, 8), ".data{v=truncated(4294967295/0, truncated(4/0, <>))}");
}

TEST_F(Hostile, MoreMembersThanAnyoneHas) {
  const std::vector<Field> many(60'000, Field{"m", u32, 0});
  std::vector<Field> outer;
  for (int i = 0; i < 8; ++i) outer.push_back({"u", b.union_of("u" + std::to_string(i), many), 0});
  const TypeId type = b.union_of("all", outer);
  const auto shown = decode_tree(*btf::Decoder::compile(b.types(), type, {}), pack(0U));
  ASSERT_EQ(shown.children.size(), 8U);
  EXPECT_EQ(shown.children[0].children.size(), 60'000U);
  EXPECT_EQ(shown.children[7].label, "unsupported(a type with too many members to be real)");
}

TEST_F(Hostile, TypesNestedDeeperThanAnyoneNests) {
  TypeId type = u32;
  for (int i = 0; i < 1000; ++i) type = b.record("r", {{"in", type, 0}}, 4);
  EXPECT_THAT(show(type), HasSubstr("nested 32 deep, not shown"));
}

} // namespace
} // namespace mapscope::test
