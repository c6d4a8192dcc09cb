// SPDX-License-Identifier: Apache-2.0
// What the section .maps of a program's BTF says of maps: their names in full, and types that they lack.
#include "host/catalog/map_definitions.hpp"
#include "tests/support/btf_builder.hpp"

#include <algorithm>
#include <gmock/gmock.h>

namespace mapscope::catalog {
namespace {

using test::BtfBuilder;
using test::Field;
using testing::HasSubstr;

constexpr std::uint32_t hash = 1, queue = 22;

/// An object with variables as bpf_helpers.h lets one write them.
struct Source {
  BtfBuilder b;
  btf::TypeId u32 = b.u32(), u64 = b.u64();
  std::vector<test::Variable> variables;
  std::vector<btf::TypeId> definitions;

  Field number(const std::string& name, std::uint32_t value) {
    return {name, b.pointer(b.array(u32, value))};
  }
  Field type(const std::string& name, btf::TypeId of) { return {name, b.pointer(of)}; }
  void map(const std::string& name, const std::vector<Field>& members) {
    definitions.push_back(b.record("", members));
    variables.push_back({b.variable(name, definitions.back()), 32U * std::uint32_t(variables.size()), 32});
  }
  std::shared_ptr<const btf::Types> types(const std::string& name = "BTF object 5") {
    b.section(".maps", variables);
    return b.types(name);
  }
};

Map a_map(std::uint32_t id, const std::string& name, std::uint32_t type, std::uint32_t value_size = 4) {
  Map map;
  map.id = id, map.name = name, map.type = type;
  map.key_size = type == queue ? 0 : 4, map.value_size = value_size, map.max_entries = 10;
  map.programs = {1};
  return map;
}

/// Maps of one program, all of whose BTF objects are given.
std::vector<Map> applied(std::vector<Map> maps, const std::vector<std::shared_ptr<const btf::Types>>& objects,
                         const std::vector<InnerMap>& inner = {}) {
  std::vector<Program> programs(objects.size());
  for (std::size_t i = 0; i < programs.size(); ++i)
    programs[i].id = static_cast<std::uint32_t>(i + 1), programs[i].btf = 0x1000 * (i + 1);
  for (Map& map : maps) {
    map.programs.clear();
    if (std::ranges::any_of(inner, [&](const InnerMap& held) { return held.inner == map.id; })) continue;
    for (const Program& program : programs) map.programs.push_back(program.id);
  }
  apply_definitions(maps, programs, inner, [&](std::uint64_t btf) { return objects.at(btf / 0x1000 - 1); });
  return maps;
}

TEST(MapDefinitions, HowTheyAreWritten) {
  Source source;
  const auto point = source.b.record("point", {{"x", source.u32}, {"y", source.u32}});
  const auto flags = source.b.enumeration("", {{"map_flags__ulong", 5}});
  source.map("points", {source.number("type", hash),
                        source.number("max_entries", 9),
                        {"map_flags", flags},
                        source.type("key", source.u64),
                        source.type("value", point)});
  source.map("bare",
             {source.number("type", 4), source.number("key_size", 4), source.number("value_size", 2)});
  const auto types = source.types();
  const auto all = map_definitions(*types);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "points");
  EXPECT_EQ(all[0].type, hash);
  EXPECT_EQ(all[0].max_entries, 9U);
  EXPECT_EQ(all[0].flags, 5U);
  EXPECT_EQ(all[0].key, source.u64);
  EXPECT_EQ(all[0].key_size, 8U);
  EXPECT_EQ(types->spell(all[0].value), "struct point");
  EXPECT_EQ(all[0].value_size, 8U);
  EXPECT_EQ(all[1].key_size, 4U);
  EXPECT_EQ(all[1].value_size, 2U);
  EXPECT_EQ(all[1].value, 0U);
}

TEST(MapDefinitions, OddOnesAreNone) {
  Source source;
  source.map("large", std::vector<Field>(65, Field{"m", source.u32}));
  source.variables.push_back({source.b.variable("number", source.u32), 32, 4});
  source.variables.push_back({1'000'000, 64, 4});
  source.map("loop", {{"key", 1'000'000, 0}, {"type", source.u32, 0}});
  const auto types = source.types();
  const auto all = map_definitions(*types);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "loop");
  EXPECT_EQ(all[0].key_size, 0U);
  BtfBuilder none;
  none.record(".maps", {{"a", none.u32()}});
  EXPECT_TRUE(map_definitions(*none.types()).empty());
}

TEST(FullNames, WhereTheKernelCutsThem) {
  Source source;
  source.map("task_to_statistics", {source.number("type", hash)});
  source.map("exactly_15_char", {source.number("type", hash)});
  source.map("short", {source.number("type", hash)});
  const auto maps = applied({a_map(1, "task_to_statist", hash), a_map(2, "exactly_15_char", hash),
                             a_map(3, "short", hash), a_map(4, "task_to", hash)},
                            {source.types()});
  EXPECT_EQ(maps[0].full_name, "task_to_statistics");
  EXPECT_EQ(maps[0].name, "task_to_statist");
  for (const std::size_t i : {1, 2, 3}) EXPECT_EQ(maps[i].full_name, "") << i;
}

TEST(FullNames, OneBeginningIsToldApartByWhatCannotChange) {
  Source source;
  source.map("statistics_of_tasks", {source.number("type", hash), source.type("value", source.u32)});
  source.map("statistics_of_cpus", {source.number("type", hash), source.type("value", source.u64)});
  source.map("statistics_of_queues", {source.number("type", queue), source.type("value", source.u32)});
  const auto maps =
      applied({a_map(1, "statistics_of_t", hash), a_map(2, "statistics_of_c", hash, 8)}, {source.types()});
  EXPECT_EQ(maps[0].full_name, "statistics_of_tasks");
  EXPECT_EQ(maps[1].full_name, "statistics_of_cpus");
  Source alike;
  alike.map("the_same_beginning_a", {alike.number("type", hash), alike.type("value", alike.u32)});
  alike.map("the_same_beginning_b", {alike.number("type", hash), alike.type("value", alike.u64)});
  alike.map("the_same_beginning_c", {alike.number("type", queue)});
  const auto told = applied({a_map(1, "the_same_beginn", hash, 8), a_map(2, "the_same_beginn", hash, 4),
                             a_map(3, "the_same_beginn", queue), a_map(4, "the_same_beginn", hash, 2)},
                            {alike.types()});
  EXPECT_EQ(told[0].full_name, "the_same_beginning_b");
  EXPECT_EQ(told[1].full_name, "the_same_beginning_a");
  EXPECT_EQ(told[2].full_name, "the_same_beginning_c");
  EXPECT_EQ(told[3].full_name, "");
}

/// Loaders set sizes: they tell maps apart only where every declaration then has its map.
TEST(FullNames, BySizesOnlyWhenAllFit) {
  Source source;
  source.map("the_same_beginning_a", {source.number("type", hash), source.number("max_entries", 10)});
  source.map("the_same_beginning_b", {source.number("type", hash), source.number("max_entries", 20)});
  const auto types = source.types();
  auto ten = a_map(1, "the_same_beginn", hash), other = a_map(2, "the_same_beginn", hash);
  other.max_entries = 20;
  const auto both = applied({ten, other}, {types});
  EXPECT_EQ(both[0].full_name, "the_same_beginning_a");
  EXPECT_EQ(both[1].full_name, "the_same_beginning_b");
  EXPECT_EQ(applied({other}, {types})[0].full_name, "") << "it may be a, made larger";
  other.max_entries = 30;
  EXPECT_EQ(applied({ten, other}, {types})[0].full_name, "") << "which is b may be either";
}

TEST(FullNames, TheMapsOwnTypesSayWhichItIs) {
  Source source;
  const auto a = source.b.record("a", {{"x", source.u32}}), b = source.b.record("b", {{"x", source.u32}});
  source.map("the_same_beginning_a", {source.number("type", hash), source.type("value", a)});
  source.map("the_same_beginning_b", {source.number("type", hash), source.type("value", b)});
  auto map = a_map(1, "the_same_beginn", hash);
  map.types = source.types(), map.value_type = b;
  const auto types = map.types;
  EXPECT_EQ(applied({map}, {types})[0].full_name, "the_same_beginning_b");
  map.value_type = source.u32;
  EXPECT_EQ(applied({map}, {types})[0].full_name, "") << "it was made in another way";
}

TEST(FullNames, OfSectionsOfTheirOwn) {
  Source source;
  const auto locks =
      source.b.section(".data.locks_of_queues", {{source.b.variable("lock", source.u32), 0, 4}});
  auto own = a_map(1, ".data.locks_of_", 2), other = a_map(2, ".data.lock", 2),
       record = a_map(3, ".data.locks_of_", 2);
  for (Map* map : {&own, &other, &record}) map->types = source.b.types(), map->value_type = locks;
  record.value_type = source.u32;
  const auto maps = applied({own, other, record}, {});
  EXPECT_EQ(maps[0].full_name, ".data.locks_of_queues");
  EXPECT_EQ(maps[1].full_name, "");
  EXPECT_EQ(maps[2].full_name, "");
}

TEST(DeclaredTypes, OfMapsToWhichTheLoaderGivesNone) {
  Source source;
  const auto point = source.b.record("point", {{"x", source.u32}, {"y", source.u32}});
  source.map("points", {source.number("type", queue), source.type("value", point)});
  source.map("silent", {source.number("type", queue), source.number("value_size", 8)});
  const auto types = source.types();
  const auto maps = applied({a_map(1, "points", queue, 8), a_map(2, "silent", queue, 8)}, {types});
  EXPECT_EQ(maps[0].types, types);
  EXPECT_EQ(maps[0].value_type, point);
  EXPECT_EQ(maps[0].key_type, 0U);
  EXPECT_EQ(maps[0].types_from, ".maps");
  EXPECT_EQ(maps[1].types, nullptr);
  EXPECT_EQ(maps[1].types_from, "");
}

TEST(DeclaredTypes, OfAnotherSizeAreNotBelieved) {
  Source source;
  source.map("points", {source.number("type", queue), source.type("value", source.u64)});
  const auto map = applied({a_map(1, "points", queue, 16)}, {source.types()})[0];
  EXPECT_EQ(map.types, nullptr);
  EXPECT_EQ(map.value_type, 0U);
  EXPECT_EQ(map.untyped, "the value type __u64 that BTF object 5 declares for it does not have its 16 bytes");
}

TEST(DeclaredTypes, OfATypeOfMapItIsNot) {
  Source source;
  source.map("points", {source.number("type", hash), source.type("value", source.u32)});
  EXPECT_EQ(applied({a_map(1, "points", queue)}, {source.types()})[0].types, nullptr);
}

TEST(DeclaredTypes, OfSeveralObjectsThatAgreeOrNot) {
  Source one, same, other;
  one.map("points", {one.number("type", queue), one.type("value", one.u64)});
  same.map("points", {same.number("type", queue), same.type("value", same.u64)});
  other.map("points", {other.number("type", queue), other.type("value", other.b.record("two", {{"a", 2}}))});
  const auto first = one.types("first");
  const Map agreed = applied({a_map(1, "points", queue, 8)}, {first, same.types("second")})[0];
  EXPECT_EQ(agreed.types, first);
  EXPECT_EQ(agreed.value_type, one.u64);
  const Map differing = applied({a_map(1, "points", queue, 8)}, {first, other.types("third")})[0];
  EXPECT_EQ(differing.types, nullptr);
  EXPECT_EQ(differing.untyped, "first and third declare it differently");
}

/// No program uses what is in a map of maps by itself.
TEST(DeclaredTypes, OfWhatIsInAMapOfMaps) {
  Source source;
  const auto element = source.b.record("", {source.number("type", queue), source.type("value", source.u64)});
  source.map("by_number", {source.number("type", 12),
                           source.number("max_entries", 2),
                           {"values", source.b.array(source.b.pointer(element), 0)}});
  source.map("queue_with_a_name", {source.number("type", queue), source.type("value", source.u64)});
  const auto types = source.types();
  const std::vector<InnerMap> inner = {{1, 2}, {1, 3}, {1, 4}, {1, 3}, {9, 2}};
  const auto maps = applied({a_map(1, "by_number", 12), a_map(2, "made_later", queue, 8),
                             a_map(3, "queue_with_a_na", queue, 8), a_map(4, "", hash, 8)},
                            {types}, inner);
  EXPECT_EQ(maps[0].types, nullptr);
  EXPECT_EQ(maps[1].types, types);
  EXPECT_EQ(maps[1].value_type, source.u64);
  EXPECT_EQ(maps[1].types_from, ".maps, of what is in by_number");
  EXPECT_EQ(maps[1].full_name, "");
  EXPECT_EQ(maps[2].full_name, "queue_with_a_name");
  EXPECT_EQ(maps[2].value_type, source.u64);
  EXPECT_EQ(maps[2].types_from, ".maps");
  EXPECT_EQ(maps[3].types, nullptr) << "no hash is declared to be in it";
}

TEST(DeclaredTypes, NeverTakeTheMapsOwnAway) {
  Source source;
  source.map("points", {source.number("type", queue), source.type("value", source.u64)});
  const auto types = source.types();
  auto map = a_map(1, "points", queue, 8);
  map.types = types, map.value_type = source.u32;
  EXPECT_EQ(applied({map}, {types})[0].value_type, source.u32);
  EXPECT_EQ(applied({map}, {types})[0].types_from, "");
}

TEST(Names, BothFit) {
  Map map;
  map.name = "task_to_statist", map.full_name = "task_to_statistics";
  EXPECT_TRUE(map.names().fit("task_to_statist"));
  EXPECT_TRUE(map.names().fit("task_to_statistics"));
  EXPECT_TRUE(map.names().fit("*_statistics"));
  EXPECT_FALSE(map.names().fit("task_to_stat"));
  EXPECT_EQ(map.names().longest(), "task_to_statistics");
  map.full_name = "";
  EXPECT_FALSE(map.names().fit("task_to_statistics"));
  EXPECT_EQ(map.names().longest(), "task_to_statist");
}

} // namespace
} // namespace mapscope::catalog
