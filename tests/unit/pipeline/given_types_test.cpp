// SPDX-License-Identifier: Apache-2.0
// What a person says that keys and values of maps are: where it is looked for, and what becomes of it.
#include "host/pipeline/given_types.hpp"
#include "tests/support/btf_builder.hpp"
#include "tests/support/run_program.hpp"

#include <gmock/gmock.h>

namespace mapscope::pipeline {
namespace {

using test::BtfBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* origin = "site.toml:3: ";

config::MapRule rule(const std::string& glob, std::optional<std::string> key,
                     std::optional<std::string> value) {
  config::MapRule rule;
  rule.glob = glob, rule.key_type = std::move(key), rule.value_type = std::move(value);
  rule.origin = "site.toml:3";
  return rule;
}

catalog::Map a_map(std::uint32_t key_size = 4, std::uint32_t value_size = 8) {
  catalog::Map map;
  map.name = "flows", map.type = 1, map.type_name = "hash";
  map.key_size = key_size, map.value_size = value_size;
  return map;
}

class Given : public testing::Test {
protected:
  Given() { kernel_.record("in_kernel", {{"n", kernel_.u64()}}); }

  /// A file of this name with struct flow of so many numbers.
  std::string file(const std::string& name, unsigned numbers) {
    BtfBuilder b;
    b.record("flow", {{"n", b.array(b.u32(), numbers)}});
    b.typedef_of("port_t", b.u32());
    const auto raw = b.raw();
    return folder_.file(name, {reinterpret_cast<const char*>(raw.data()), raw.size()});
  }

  catalog::Map applied(catalog::Map map, const std::vector<config::MapRule>& rules) {
    config::Config config;
    config.maps = rules, config.types = files_;
    auto given = GivenTypes::read(first_, config);
    EXPECT_TRUE(given) << given.error().text;
    EXPECT_TRUE(given->stand_on(kernel_.types("vmlinux")));
    std::vector<catalog::Map> maps = {std::move(map)};
    given->apply(maps);
    return maps[0];
  }

  test::Scratch folder_;
  BtfBuilder kernel_;
  std::vector<std::string> first_, files_;
};

TEST_F(Given, NothingWhereNothingIsSaid) {
  const auto map = applied(a_map(), {rule("other", "u32", "struct flow")});
  EXPECT_EQ(map.key().types, nullptr);
  EXPECT_THAT(map.type_notes, IsEmpty());
  EXPECT_EQ(map.types_from, "");
}

TEST_F(Given, KeyAndValueOfOneFile) {
  files_ = {file("a.o", 2)};
  const auto map = applied(a_map(), {rule("fl*", "port_t", "struct flow")});
  EXPECT_EQ(map.key().types->spell(map.key().id), "port_t");
  EXPECT_EQ(map.value().types->spell(map.value().id), "struct flow");
  EXPECT_EQ(map.types_from, files_[0]);
  EXPECT_THAT(map.type_notes, IsEmpty());
}

TEST_F(Given, EachOfItsOwnRule) {
  files_ = {file("a.o", 2)};
  const auto map =
      applied(a_map(), {rule("flows", {}, "struct flow"), rule("*", "__u32", "struct in_kernel")});
  EXPECT_EQ(map.types_from, files_[0]);
  EXPECT_EQ(map.value().types->spell(map.value().id), "struct flow");
}

TEST_F(Given, SaysWhichIsFromWhere) {
  files_ = {file("a.o", 2)};
  EXPECT_EQ(applied(a_map(), {rule("*", {}, "struct flow")}).types_from, files_[0] + " (value)");
  EXPECT_EQ(applied(a_map(), {rule("*", "port_t", "struct in_kernel")}).types_from,
            files_[0] + " (key), vmlinux (value)");
  EXPECT_EQ(applied(a_map(0), {rule("*", {}, "struct flow")}).types_from, files_[0]) << "there are no keys";
}

TEST_F(Given, GoesBeforeWhatTheMapDeclares) {
  BtfBuilder b;
  auto map = a_map();
  map.key_type = b.u32(), map.value_type = b.u64(), map.types = b.types("BTF object 5");
  files_ = {file("a.o", 2)};
  const auto given = applied(map, {rule("*", {}, "struct flow")});
  EXPECT_EQ(given.value().types->name(), files_[0]);
  EXPECT_EQ(given.key().types->name(), "BTF object 5");
  EXPECT_EQ(given.types_from, files_[0] + " (value)");
}

TEST_F(Given, IsLookedForInTheMapsOwnTypesFirst) {
  BtfBuilder b;
  b.record("flow", {{"own", b.u64()}});
  auto map = a_map();
  map.program_types = b.types("BTF object 5");
  files_ = {file("a.o", 2)};
  const auto given = applied(map, {rule("*", {}, "struct flow")});
  EXPECT_EQ(given.value().types->name(), "BTF object 5");
  EXPECT_THAT(given.type_notes, ElementsAre(std::string(origin) +
                                            "value_type: struct flow is taken as BTF object 5 has it; there "
                                            "is another of that name and of another layout in " +
                                            files_[0]));
}

TEST_F(Given, TheFirstFileWinsAndOthersAreNamed) {
  first_ = {file("b.o", 2)}, files_ = {file("a.o", 3), file("same.o", 2), file("c.o", 4)};
  const auto map = applied(a_map(), {rule("*", {}, "struct flow")});
  EXPECT_EQ(map.value().types->name(), first_[0]);
  EXPECT_THAT(map.type_notes,
              ElementsAre(std::string(origin) + "value_type: struct flow is taken as " + first_[0] +
                          " has it; there is another of that name and of another layout in " + files_[0] +
                          " and in " + files_[2]));
}

TEST_F(Given, OfAnotherSizeIsNotTaken) {
  files_ = {file("a.o", 3)};
  const auto map = applied(a_map(), {rule("*", "struct flow", "struct flow")});
  EXPECT_EQ(map.value().types, nullptr);
  EXPECT_EQ(map.types_from, "");
  EXPECT_THAT(
      map.type_notes,
      ElementsAre(std::string(origin) + "key_type: struct flow, of " + files_[0] +
                      ", has 12 bytes, and the map's keys have 4; it is shown as if nothing were said",
                  std::string(origin) + "value_type: struct flow, of " + files_[0] +
                      ", has 12 bytes, and the map's values have 8; it is shown as if nothing were said"));
}

/// Compilers and pahole write a struct of each unit that has one of the name.
TEST_F(Given, OfTheSameNameInOneFileAreNamed) {
  BtfBuilder b;
  for (const unsigned numbers : {2U, 2U, 3U}) b.record("flow", {{"n", b.array(b.u32(), numbers)}});
  const auto raw = b.raw();
  files_ = {folder_.file("two.o", {reinterpret_cast<const char*>(raw.data()), raw.size()}), file("a.o", 1)};
  const std::string others =
      "there is another of that name and of another layout in " + files_[0] + " itself and in " + files_[1];
  EXPECT_THAT(applied(a_map(), {rule("*", {}, "struct flow")}).type_notes,
              ElementsAre(std::string(origin) + "value_type: struct flow is taken as " + files_[0] +
                          " has it; " + others));
  EXPECT_THAT(
      applied(a_map(4, 12), {rule("*", {}, "struct flow")}).type_notes,
      ElementsAre(std::string(origin) + "value_type: struct flow, of " + files_[0] +
                  ", has 8 bytes, and the map's values have 12; it is shown as if nothing were said; " +
                  others));
}

TEST_F(Given, ThatNobodyHas) {
  files_ = {file("a.o", 2)};
  EXPECT_THAT(applied(a_map(), {rule("*", {}, "struct flw")}).type_notes,
              ElementsAre(std::string(origin) + "value_type: there is no struct flw among the types of " +
                          files_[0] + " and of vmlinux"));
}

TEST_F(Given, OfMapsThatHaveNone) {
  auto ring = a_map(0, 0);
  ring.type_name = "ringbuf";
  EXPECT_THAT(applied(ring, {rule("*", {}, "struct flow")}).type_notes,
              ElementsAre(std::string(origin) +
                          "value_type: a ring buffer has records in place of keys and values: "
                          "config.record_type = \"struct flow\" types them"));
  auto storage = a_map();
  storage.type_name = "task_storage";
  const auto stored = applied(storage, {rule("*", "__u32", "struct in_kernel")});
  EXPECT_THAT(stored.type_notes, ElementsAre(std::string(origin) +
                                             "key_type: its entries go by their owners, and have no keys"));
  EXPECT_EQ(stored.types_from, "vmlinux (value)");
  auto ops = a_map();
  ops.vmlinux_value_type = 1;
  EXPECT_THAT(
      applied(ops, {rule("*", {}, "struct flow")}).type_notes,
      ElementsAre(std::string(origin) + "value_type: what a struct_ops map holds the kernel itself says"));
  auto lost = a_map();
  lost.is_read = false;
  EXPECT_THAT(applied(lost, {rule("*", {}, "struct flow")}).type_notes, IsEmpty());
}

TEST_F(Given, AFileThatCannotBeReadEndsIt) {
  config::Config config;
  config.types = {(folder_ / "missing.o").string()};
  const auto given = GivenTypes::read({}, config);
  ASSERT_FALSE(given);
  EXPECT_THAT(given.error().text, testing::StartsWith(config.types[0] + ": cannot open"));
}

} // namespace
} // namespace mapscope::pipeline
