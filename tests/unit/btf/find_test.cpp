// SPDX-License-Identifier: Apache-2.0
// Types by name, and what is said of one: size, spelling, enumerators; on one object and on a split one.
#include "tests/support/btf_builder.hpp"

#include <gmock/gmock.h>
#include <thread>

namespace mapscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Find, ByKeywordAndBareName) {
  BtfBuilder b;
  const TypeId u32 = b.u32();
  const TypeId record = b.record("thing", {{"a", u32}});
  const TypeId both = b.union_of("thing", {{"a", u32}});
  const TypeId constants = b.enumeration("thing", {{"A", 1}});
  const TypeId alias = b.typedef_of("thing", record);
  const TypeId wide = b.enumeration64("wide", {{"W", 1}}, false);
  const auto types = b.types();

  EXPECT_EQ(types->find("struct thing"), record);
  EXPECT_EQ(types->find("union thing"), both);
  EXPECT_EQ(types->find("enum thing"), constants);
  EXPECT_EQ(types->find("typedef thing"), alias);
  EXPECT_EQ(types->find("enum wide"), wide);
  EXPECT_EQ(types->find("thing"), record);
  EXPECT_EQ(types->find("__u32"), u32);
  EXPECT_THAT(types->find_all("thing"), ElementsAre(record, both, constants, alias));
}

TEST(Find, SectionsByNameButNoFunctionsOrVariables) {
  BtfBuilder b;
  const TypeId var = b.variable("counter", b.u32());
  const TypeId section = b.section(".bss", {{var, 0, 4}});
  b.function("act");
  const auto types = b.types();
  EXPECT_EQ(types->find(".bss"), section);
  EXPECT_EQ(types->find("counter").error().code, Errc::not_found);
  EXPECT_EQ(types->find("act").error().code, Errc::not_found);
}

TEST(Find, SaysWhatWasNotFoundAndWhere) {
  BtfBuilder b;
  b.u32();
  const auto missing = b.types("vmlinux")->find("struct bpf_map");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(missing.error().text, "no struct bpf_map in the BTF of vmlinux");
}

TEST(Find, ADeclarationIsNoDefinition) {
  BtfBuilder b;
  b.forward("only_declared");
  b.forward("both");
  const TypeId defined = b.record("both", {{"a", b.u32()}});
  const auto types = b.types();
  EXPECT_EQ(types->find("struct both"), defined);
  EXPECT_THAT(types->find("struct only_declared").error().text,
              HasSubstr("declared in the BTF of test and not defined"));
}

TEST(Find, SameNameTwiceLowestIdFirst) {
  BtfBuilder b;
  const TypeId u32 = b.u32();
  const TypeId first = b.record("bucket", {{"a", u32}});
  const TypeId second = b.record("bucket", {{"head", u32}});
  EXPECT_THAT(b.types()->find_all("struct bucket"), ElementsAre(first, second));
}

TEST(Find, TheIndexIsBuiltOnceForAllThreads) {
  BtfBuilder b;
  for (int i = 0; i < 2000; ++i) b.record("r" + std::to_string(i), {});
  const auto types = b.types();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&types] {
      for (int i = 0; i < 2000; ++i)
        EXPECT_EQ(types->find("struct r" + std::to_string(i)), static_cast<TypeId>(i + 1));
    });
}

TEST(Find, EmptyObject) {
  BtfBuilder b;
  const auto parsed = btf::Types::parse(b.raw(), "empty");
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ((*parsed)->count(), 1U);
  EXPECT_FALSE((*parsed)->find("struct any"));
  EXPECT_FALSE((*parsed)->enumerator("ANY"));
}

struct Split : testing::Test {
  BtfBuilder base;
  TypeId u32 = base.u32();
  TypeId shared = base.record("shared", {{"a", u32}});
  TypeId base_only = base.record("base_only", {{"b", u32}});
  TypeId base_enum = base.enumeration("level", {{"BASE_LEVEL", 7}});
  std::shared_ptr<const btf::Types> vmlinux = base.types("vmlinux");
  BtfBuilder own = BtfBuilder::split_on(base);
};

TEST_F(Split, OwnTypesFirstThenTheBase) {
  const TypeId newer = own.record("shared", {{"a", u32}, {"c", u32}});
  const auto module = own.types("module", vmlinux);
  EXPECT_EQ(module->base(), vmlinux.get());
  EXPECT_GE(newer, vmlinux->count());
  EXPECT_THAT(module->find_all("struct shared"), ElementsAre(newer, shared));
  EXPECT_EQ(module->find("struct base_only"), base_only);
  EXPECT_EQ(vmlinux->find("struct shared"), shared);
}

TEST_F(Split, ABaseDefinitionWinsOverAnOwnDeclaration) {
  own.forward("base_only");
  EXPECT_EQ(own.types("module", vmlinux)->find("struct base_only"), base_only);
}

TEST_F(Split, MembersOfBaseTypesAndStringsOfBoth) {
  const TypeId pair = own.record("pair", {{"first", shared}, {"second", base_only}});
  const auto module = own.types("module", vmlinux);
  EXPECT_EQ(module->offset_of("struct pair", "second.b"), 4U);
  EXPECT_EQ(module->name_of(pair), "pair");
  EXPECT_EQ(module->name_of(shared), "shared");
  EXPECT_EQ(vmlinux->type(pair), nullptr);
}

TEST_F(Split, EnumeratorsOfBoth) {
  own.enumeration("more", {{"OWN_LEVEL", 9}});
  const auto module = own.types("module", vmlinux);
  EXPECT_EQ(module->enumerator("OWN_LEVEL"), 9);
  EXPECT_EQ(module->enumerator("BASE_LEVEL"), 7);
  EXPECT_FALSE(vmlinux->enumerator("OWN_LEVEL"));
}

TEST_F(Split, KeepsItsBaseAlive) {
  own.record("pair", {{"first", shared}});
  const auto module = own.types("module", std::exchange(vmlinux, nullptr));
  EXPECT_EQ(module->offset_of("struct pair", "first.a"), 0U);
}

TEST(Enumerator, ByItsPlace) {
  BtfBuilder b;
  const TypeId plain = b.enumeration("plain", {{"A", 7}, {"B", 0x80000000}});
  const TypeId with_sign = b.enumeration("with_sign", {{"C", -1}, {"D", 1}});
  const TypeId wide = b.enumeration64("wide", {{"E", 1LL << 40}}, false);
  const TypeId alias = b.typedef_of("wide_t", wide), number = b.u32();
  const auto types = b.types();
  const auto at = [&](TypeId id, std::uint32_t index) {
    const auto found = types->constant_at(id, index);
    return found ? std::string(found->name) + "=" + std::to_string(found->value) : "";
  };
  EXPECT_EQ(at(plain, 0), "A=7");
  EXPECT_EQ(at(plain, 1), "B=2147483648");
  EXPECT_EQ(at(plain, 2), "");
  EXPECT_EQ(at(with_sign, 0), "C=-1");
  EXPECT_EQ(at(alias, 0), "E=1099511627776");
  EXPECT_EQ(at(number, 0), "");
  EXPECT_EQ(at(0, 0), "");
}

TEST(Enumerator, NamedUnnamedAndWide) {
  BtfBuilder b;
  b.enumeration("", {{"FLAG", 1 << 20}, {"NEGATIVE", -2}});
  b.enumeration("bits", {{"TOP", std::int64_t{1} << 31}});
  b.enumeration64("", {{"HUGE_ONE", std::int64_t{1} << 40}}, false);
  b.enumeration64("", {{"LOW", -5}}, true);
  const auto types = b.types();
  EXPECT_EQ(types->enumerator("FLAG"), 1 << 20);
  EXPECT_EQ(types->enumerator("NEGATIVE"), -2);
  EXPECT_EQ(types->enumerator("TOP"), std::int64_t{1} << 31);
  EXPECT_EQ(types->enumerator("HUGE_ONE"), std::int64_t{1} << 40);
  EXPECT_EQ(types->enumerator("LOW"), -5);
  EXPECT_EQ(types->enumerator("ABSENT").error().text, "no enumerator ABSENT in the BTF of test");
}

TEST(Size, OfEveryKind) {
  BtfBuilder b;
  const TypeId u32 = b.u32();
  const TypeId record = b.record("r", {{"a", u32}, {"b", b.u64()}});
  const TypeId array = b.array(b.const_of(b.array(u32, 3)), 5);
  const TypeId var = b.variable("v", record);
  const TypeId section = b.section(".data", {{var, 0, 16}});
  const TypeId pointer = b.pointer(0);
  const TypeId real = b.real("double", 8);
  const TypeId forward = b.forward("f");
  const TypeId function = b.function("act");
  const auto types = b.types();
  EXPECT_EQ(types->size(u32), 4U);
  EXPECT_EQ(types->size(record), 16U);
  EXPECT_EQ(types->size(array), 60U);
  EXPECT_EQ(types->size(var), 16U);
  EXPECT_EQ(types->size(section), 16U);
  EXPECT_EQ(types->size(pointer), 8U);
  EXPECT_EQ(types->size(real), 8U);
  for (const TypeId unsized : {TypeId{0}, forward, function})
    EXPECT_EQ(types->size(unsized).error().code, Errc::not_found);
}

TEST(Peel, EveryModifierAndNoMoreThan32) {
  BtfBuilder b;
  const TypeId u32 = b.u32();
  TypeId chain =
      b.typedef_of("t", b.const_of(b.volatile_of(b.restrict_of(b.type_tag("tag", b.decl_tag("mark", u32))))));
  const TypeId short_chain = chain;
  for (int i = 6; i < 32; ++i) chain = b.const_of(chain);
  const TypeId longer = b.const_of(chain);
  const TypeId of_void = b.const_of(0);
  const auto types = b.types();
  EXPECT_EQ(types->peel(short_chain), u32);
  EXPECT_EQ(types->peel(chain), u32);
  EXPECT_EQ(types->peel(longer), 0U);
  EXPECT_EQ(types->peel(of_void), 0U);
  EXPECT_EQ(types->peel(u32), u32);
}

TEST(Spell, AsInC) {
  BtfBuilder b;
  const TypeId i32 = b.i32();
  const TypeId record = b.record("foo", {});
  const TypeId pointer = b.pointer(record);
  const TypeId twice = b.pointer(pointer);
  const TypeId array = b.array(b.array(i32, 3), 2);
  const TypeId of_pointers = b.array(pointer, 4);
  const TypeId to_array = b.pointer(b.array(i32, 3));
  const TypeId callback = b.pointer(b.prototype(i32));
  const TypeId anonymous = b.union_of("", {});
  const TypeId constants = b.enumeration("e", {});
  const TypeId alias = b.const_of(b.typedef_of("foo_t", record));
  const TypeId declared = b.forward("u", true);
  const TypeId of_void = b.pointer(b.const_of(0));
  const auto types = b.types();
  EXPECT_EQ(types->spell(0), "void");
  EXPECT_EQ(types->spell(i32), "int");
  EXPECT_EQ(types->spell(record), "struct foo");
  EXPECT_EQ(types->spell(pointer), "struct foo *");
  EXPECT_EQ(types->spell(twice), "struct foo **");
  EXPECT_EQ(types->spell(array), "int[2][3]");
  EXPECT_EQ(types->spell(of_pointers), "struct foo *[4]");
  EXPECT_EQ(types->spell(to_array), "int (*)[3]");
  EXPECT_EQ(types->spell(callback), "int (*)(...)");
  EXPECT_EQ(types->spell(anonymous), "union {...}");
  EXPECT_EQ(types->spell(constants), "enum e");
  EXPECT_EQ(types->spell(alias), "foo_t");
  EXPECT_EQ(types->spell(declared), "union u");
  EXPECT_EQ(types->spell(of_void), "void *");
}

} // namespace
} // namespace mapscope::test
