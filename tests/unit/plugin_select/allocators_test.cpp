// SPDX-License-Identifier: Apache-2.0
// Which variables are allocators, who reads them, and which map's values go with which.
#include "host/plugin/allocators.hpp"
#include "host/plugin/call/call.hpp"
#include "tests/support/btf_builder.hpp"
#include "tests/unit/plugin_select/plugin_directory.hpp"

#include <gmock/gmock.h>

namespace mapscope::plugin {
namespace {

using test::BtfBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

std::shared_ptr<const btf::Types> kernel_types() {
  BtfBuilder b;
  b.record("bpf_array", {{"elem_size", b.u32()}, {"value", b.array(b.u8(), 0), 1024}}, 128);
  return b.types("vmlinux");
}

/// A section with two allocators of one type and one of another.
struct Program {
  catalog::Catalog catalog;
  std::shared_ptr<const btf::Types> kernel = kernel_types();
  Program() {
    BtfBuilder b;
    const auto pool = b.record("scx_allocator", {{"root", b.u64()}}),
               ring = b.record("ring", {{"at", b.u64()}});
    const auto section =
        b.section(".bss", {{b.variable("scx_task_allocator", b.typedef_of("alloc_t", pool)), 0, 8},
                           {b.variable("scx_cgrp_allocator", b.volatile_of(pool)), 8, 8},
                           {b.variable("events", ring), 16, 8},
                           {b.variable("count", b.u32()), 24, 4},
                           {b.variable("beyond", pool), 32, 8}});
    catalog::Map& map = catalog.maps.emplace_back();
    map.id = 1, map.kva = 0x1000, map.type_name = "array", map.value_size = 32;
    map.types = b.types("program"), map.value_type = section;
  }
  [[nodiscard]] std::vector<std::string> names(const Registry& registry) const {
    std::vector<std::string> list;
    for (const auto& variable : find_allocators(registry, catalog, *kernel)) list.push_back(variable.name);
    return list;
  }
  [[nodiscard]] Selection select(const Registry& registry, std::size_t which,
                                 const config::Config& config = {}) const {
    return select_allocator(registry, find_allocators(registry, catalog, *kernel).at(which), *kernel, config);
  }
};

const std::vector<std::string> any_scx = {"attach=allocator:* var=struct scx_allocator"};

TEST(Allocators, AreVariablesOfTheTypesThatPluginsName) {
  const Program program;
  PluginDirectory directory;
  EXPECT_THAT(program.names(directory.add("a", "a.hash").registry()), IsEmpty());
  const auto registry = directory.add("b", "b.scx", any_scx).registry();
  EXPECT_THAT(program.names(registry), ElementsAre("scx_task_allocator", "scx_cgrp_allocator"))
      << "behind typedefs and qualifiers, and not beyond the section's end";
  const auto found = find_allocators(registry, program.catalog, *program.kernel);
  EXPECT_EQ(found[1].root, 0x1000U + 128 + 8) << "the variable's place in the array's value";
}

TEST(Allocators, OfTwoTypesAreReadByTwoPlugins) {
  const Program program;
  PluginDirectory directory;
  directory.add("a", "a.scx", any_scx).add("b", "b.ring", {"attach=allocator:events var=struct ring"});
  const auto registry = directory.registry();
  EXPECT_THAT(program.names(registry), ElementsAre("scx_task_allocator", "scx_cgrp_allocator", "events"));
  EXPECT_EQ(program.select(registry, 0).choices.at(0).plugin->manifest().id, "a.scx");
  EXPECT_EQ(program.select(registry, 2).choices.at(0).plugin->manifest().id, "b.ring");
}

TEST(Allocators, OfOneTypeMayHavePluginsByTheirNames) {
  const Program program;
  PluginDirectory directory;
  directory.add("a", "a.task", {"attach=allocator:*task* var=scx_allocator"})
      .add("b", "b.cgrp", {"attach=map-type:queue", "attach=allocator:*cgrp* var=struct scx_allocator"});
  const auto registry = directory.registry();
  EXPECT_EQ(program.select(registry, 0).choices.at(0).plugin->manifest().id, "a.task");
  EXPECT_EQ(program.select(registry, 1).choices.at(0).plugin->manifest().id, "b.cgrp");
  EXPECT_EQ(program.select(registry, 1).choices.at(0).attach, 1U);
}

TEST(Allocators, PriorityThenAPersonDecides) {
  const Program program;
  PluginDirectory directory;
  directory.add("a", "a.scx", {"attach=allocator:* var=struct scx_allocator prio=5"})
      .add("b", "b.scx", any_scx);
  const auto registry = directory.registry();
  EXPECT_EQ(program.select(registry, 0).choices.at(0).plugin->manifest().id, "a.scx");
  config::Config config;
  config.maps.emplace_back().glob = "scx_task*";
  config.maps[0].use = "b.scx";
  EXPECT_EQ(program.select(registry, 0, config).choices.at(0).plugin->manifest().id, "b.scx");
  EXPECT_EQ(program.select(registry, 1, config).choices.at(0).plugin->manifest().id, "a.scx");
}

TEST(Allocators, ThatTwoClaimAlikeAreReadByNobody) {
  const Program program;
  PluginDirectory directory;
  const auto registry = directory.add("a", "a.scx", any_scx).add("b", "b.scx", any_scx).registry();
  const auto selection = program.select(registry, 0);
  EXPECT_THAT(selection.choices, IsEmpty());
  EXPECT_TRUE(selection.tie);
  EXPECT_THAT(selection.reason,
              HasSubstr("a.scx@1.0.0 and b.scx@1.0.0 both claim it; settle it with prefer = [\"a.scx\"]"));
}

TEST(Allocators, OfTheProgramsOwnPluginStayItsOwn) {
  const Program program;
  PluginDirectory own, other;
  own.add("b", "b.scx", any_scx), other.add("a", "a.scx", any_scx);
  const auto registry = Registry::discover({own.path()}, {other.path()}, {}, {});
  ASSERT_TRUE(registry) << registry.error().text;
  const auto selection = program.select(*registry, 0);
  EXPECT_TRUE(selection.tie);
  ASSERT_EQ(selection.choices.size(), 1U);
  EXPECT_EQ(selection.choices[0].plugin->manifest().id, "b.scx");
}

TEST(Allocators, ThatNeedTypesTheProgramLacksAreReadByNobody) {
  const Program program;
  PluginDirectory directory;
  const auto registry = directory.add("a", "a.scx", {any_scx[0], "needs=struct sdt_desc.chunk"}).registry();
  EXPECT_EQ(program.select(registry, 0).reason,
            "a.scx@1.0.0 needs struct sdt_desc: not in this kernel or program");
}

// The rules by which the reference finds the payload behind a value.

TEST(PayloadPointers, AreTheValuesOwnMembers) {
  BtfBuilder b;
  const auto u64 = b.u64(), data = b.pointer(b.record("sdt_data", {{"tid", u64}})), plain = b.pointer(u64);
  const auto inner = b.record("inner", {{"data", data}});
  const auto value =
      b.record("value", {{"tid", u64}, {"inner", inner}, {"plain", plain}, {"data", data}, {"second", data}});
  const auto types = b.types();
  const auto found = payload_pointers(*types, value);
  EXPECT_THAT(found.sdt_data, Optional(24U)) << "the first, at the top level";
  EXPECT_THAT(found.all, ElementsAre(24, 16, 32));
  EXPECT_THAT(payload_pointers(*types, u64).all, IsEmpty());
}

TEST(PayloadPointers, OfAValueThatIsOne) {
  BtfBuilder b;
  const auto data = b.pointer(b.forward("sdt_data"));
  const auto types = b.types();
  EXPECT_THAT(payload_pointers(*types, data).sdt_data, Optional(0U));
}

TEST(PayloadPointers, ADeclarationIsAsGoodAsAStruct) {
  BtfBuilder b;
  const auto data = b.const_of(b.pointer(b.const_of(b.type_tag("arena", b.forward("sdt_data")))));
  const auto a_union = b.pointer(b.forward("sdt_data", true)), other = b.pointer(b.forward("sdt_date"));
  const auto value =
      b.record("value", {{"u", a_union}, {"o", other}, {"data", b.typedef_of("data_t", data)}});
  const auto either = b.union_of("either", {{"number", b.u64()}, {"data", data}});
  const auto types = b.types();
  EXPECT_THAT(payload_pointers(*types, value).sdt_data, Optional(16U)) << "behind qualifiers and tags";
  EXPECT_THAT(payload_pointers(*types, either).sdt_data, Optional(0U)) << "unions, too";
}

TEST(PayloadPointers, MembersThatBeginNoByteAreNone) {
  BtfBuilder b;
  const auto data = b.pointer(b.forward("sdt_data"));
  const auto value = b.record("value", {{"data", data}}, 16);
  b.patch(value, 5, 4); // the member's bit offset: libbpf would not write it
  const auto types = b.types();
  EXPECT_EQ(payload_pointers(*types, value).sdt_data, std::nullopt);
}

std::string chosen(const std::vector<std::string>& allocators, std::string_view map) {
  std::deque<report::SlotPool> pools;
  std::vector<const report::SlotPool*> list;
  for (const auto& name : allocators) {
    pools.emplace_back().allocator = name;
    list.push_back(&pools.back());
  }
  const auto* pool = pool_by_name(list, map);
  return pool != nullptr ? pool->allocator : "none";
}

TEST(PayloadByName, OneAllocatorGoesWithAnyMap) {
  EXPECT_EQ(chosen({"scx_task_allocator"}, "whatever"), "scx_task_allocator");
  EXPECT_EQ(chosen({}, "scx_task_map"), "none");
}

TEST(PayloadByName, OfSeveralTheStemDecides) {
  const std::vector<std::string> two = {"scx_task_allocator", "scx_cgrp_allocator"};
  EXPECT_EQ(chosen(two, "scx_task_map"), "scx_task_allocator");
  EXPECT_EQ(chosen(two, "scx_cgrp_map"), "scx_cgrp_allocator");
  EXPECT_EQ(chosen(two, "scx_cpu_map"), "none") << "\"scx_\" is no stem";
  EXPECT_EQ(chosen({"scx_task_allocator", "scx_task_hot_allocator"}, "scx_task_hot_map"),
            "scx_task_hot_allocator")
      << "the longest";
  EXPECT_EQ(chosen({"pool", "scx_task_allocator"}, "my_pool"), "pool") << "without either affix";
  EXPECT_EQ(chosen({"scx__allocator", "x"}, "map"), "none") << "nothing is left of the first";
}

} // namespace
} // namespace mapscope::plugin
