// SPDX-License-Identifier: Apache-2.0
// Who renders a map: configuration, kinds by rank, priority, preference, ties, and what a plugin needs.
#include "host/plugin/select/needs.hpp"
#include "tests/support/btf_builder.hpp"
#include "tests/unit/plugin_select/plugin_directory.hpp"

#include <gmock/gmock.h>

namespace mapscope::plugin {
namespace {

using test::BtfBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// A kernel with a wrapper for struct_ops, two types of one name, and an enum.
struct Kernel {
  BtfBuilder builder;
  btf::TypeId ops = 0;
  std::shared_ptr<const btf::Types> types;
  Kernel() {
    const auto u32 = builder.u32();
    ops = builder.record("bpf_struct_ops_sched_ext_ops", {{"data", u32}});
    builder.record("bucket", {{"lock", u32}});
    builder.record("bucket", {{"head", u32}, {"raw_lock", u32}});
    builder.enumeration("colour", {{"RED", 0}, {"GREEN", 1}});
    types = builder.types("vmlinux");
  }
};

const Kernel& kernel() {
  static const Kernel kernel;
  return kernel;
}

catalog::Map map_of(const std::string& type, const std::string& name = "m") {
  catalog::Map map;
  map.type_name = type;
  map.name = name;
  return map;
}

/// A map whose values are `struct task_ctx`.
catalog::Map map_of_task_ctx() {
  BtfBuilder program;
  auto map = map_of("hash", "tasks");
  map.value_type = program.record("task_ctx", {{"weight", program.u32()}});
  map.types = program.types("program");
  return map;
}

struct Told {
  std::vector<std::string> ids;
  Selection selection;
};

Told select(const Registry& registry, const catalog::Map& map, const config::Config& config = {}) {
  Told told{{}, registry.select(map, *kernel().types, config)};
  for (const Choice& choice : told.selection.choices) told.ids.push_back(choice.plugin->manifest().id);
  return told;
}

TEST(Select, NobodyForThatType) {
  const auto registry = PluginDirectory().add("a", "a.hash").registry();
  const auto told = select(registry, map_of("ringbuf"));
  EXPECT_THAT(told.ids, IsEmpty());
  EXPECT_FALSE(told.selection.tie);
  EXPECT_EQ(told.selection.reason,
            "no plugin renders maps of type ringbuf; `mapscope plugins list` shows what there is");
}

TEST(Select, TheMostSpecificKindFirst) {
  PluginDirectory directory;
  directory.add("a", "a.type", {"attach=map-type:hash prio=9999"})
      .add("b", "a.value", {"attach=value-type:task_ctx"})
      .add("c", "a.name", {"attach=map-name:task*"})
      .add("d", "a.variable", {"attach=allocator:* var=struct task_ctx"});
  const auto registry = directory.registry();
  const auto told = select(registry, map_of_task_ctx());
  EXPECT_THAT(told.ids, ElementsAre("a.name", "a.value", "a.type"));
  EXPECT_EQ(told.selection.reason, "");
  EXPECT_EQ(told.selection.choices[0].why, "map-name:tasks prio 0");
  EXPECT_EQ(told.selection.choices[1].why, "value-type:struct task_ctx prio 0");
  EXPECT_EQ(told.selection.choices[2].why, "map-type:hash prio 9999");
}

/// Paths of those that stand for a map, where the newest of an id wins.
std::vector<std::string> in_line(const PluginDirectory& own, const PluginDirectory& other,
                                 const catalog::Map& map) {
  config::Config config;
  config.plugins.newest_wins = true;
  const auto found = Registry::discover({own.path()}, {other.path()}, config.plugins, {});
  EXPECT_TRUE(found) << found.error().text;
  std::vector<std::string> names;
  for (const Choice& choice : found->select(map, *kernel().types, config).choices)
    names.push_back(std::filesystem::path(choice.plugin->path).filename());
  return names;
}

TEST(Select, OlderOnesStandRightBehindTheNewest) {
  PluginDirectory own, other;
  own.add("hash", "a.b", {"attach=map-type:hash prio=9"}, "1.5")
      .add("any", "a.any", {"attach=map-type:* prio=-1"});
  other.add("newer", "a.b", {"attach=map-type:hash"}, "2.0")
      .add("beside", "a.c", {"attach=map-type:hash prio=1"});
  EXPECT_THAT(in_line(own, other, map_of("hash")), ElementsAre("beside.so", "newer.so", "hash.so", "any.so"));
  EXPECT_THAT(in_line(own, other, map_of("array")), ElementsAre("any.so"));
}

TEST(Select, TheOwnStandsBehindANewestThatTies) {
  PluginDirectory own, other;
  own.add("hash", "a.b", {"attach=map-type:hash"}, "1.5");
  other.add("newer", "a.b", {"attach=map-type:hash"}, "2.0").add("beside", "a.c");
  EXPECT_THAT(in_line(own, other, map_of("hash")), ElementsAre("hash.so"));
}

/// What the newest does not claim, or not on this kernel, is as if it were not there.
TEST(Select, OlderOnesStandWhereTheNewestDoesNot) {
  PluginDirectory own, other;
  own.add("hash", "a.b", {"attach=map-type:hash"}, "1.5");
  other.add("newer", "a.b", {"attach=map-type:hash", "needs=struct nowhere.x"}, "2.0");
  EXPECT_THAT(in_line(own, other, map_of("hash")), ElementsAre("hash.so"));
}

TEST(Select, ValueTypesWithAndWithoutKeyword) {
  for (const char* pattern : {"task_ctx", "struct task_ctx", "task_*", "struct task*"}) {
    const auto registry =
        PluginDirectory().add("a", "a.b", {std::string("attach=value-type:") + pattern}).registry();
    EXPECT_THAT(select(registry, map_of_task_ctx()).ids, ElementsAre("a.b")) << pattern;
    EXPECT_THAT(select(registry, map_of("hash")).ids, IsEmpty()) << pattern;
  }
}

TEST(Select, ValueTypesByWhatATypedefStandsFor) {
  BtfBuilder program;
  auto map = map_of("hash", "tasks");
  map.value_type = program.typedef_of("ctx_t", program.record("task_ctx", {{"weight", program.u32()}}));
  map.types = program.types("program");
  for (const char* pattern : {"ctx_t", "struct task_ctx", "task_ctx"})
    EXPECT_THAT(
        select(PluginDirectory().add("a", "a.b", {std::string("attach=value-type:") + pattern}).registry(),
               map)
            .ids,
        ElementsAre("a.b"))
        << pattern;
}

TEST(Select, MapTypesByTheirNumber) {
  const auto registry = PluginDirectory().add("a", "a.new", {"attach=map-type:type_36"}).registry();
  auto map = map_of("later");
  map.type = 36;
  EXPECT_THAT(select(registry, map).ids, ElementsAre("a.new"));
  map.type = 35;
  EXPECT_THAT(select(registry, map).ids, IsEmpty());
}

TEST(Select, StructOpsByTheKernelsWrapper) {
  PluginDirectory directory;
  directory.add("a", "a.scx", {"attach=struct-ops:sched_ext_ops"})
      .add("b", "a.tcp", {"attach=struct-ops:tcp*"});
  const auto registry = directory.registry();
  auto map = map_of_task_ctx(); // its own types are the program's, where the id means something else
  map.type_name = "struct_ops";
  map.vmlinux_value_type = kernel().ops;
  map.vmlinux_types = kernel().types;
  EXPECT_THAT(select(registry, map).ids, ElementsAre("a.scx"));
  map.vmlinux_types = nullptr; // of a module whose BTF is missing
  EXPECT_THAT(select(registry, map).ids, IsEmpty());
  map.vmlinux_types = kernel().types;
  map.vmlinux_value_type = 1000;
  EXPECT_THAT(select(registry, map).ids, IsEmpty());
}

TEST(Select, NobodyRendersWhatIsOnADevice) {
  PluginDirectory directory;
  directory.add("a", "a.hash", {"attach=map-type:hash"}).add("b", "a.any", {"attach=map-type:*"});
  auto map = map_of("hash");
  map.offloaded = true;
  const auto told = select(directory.registry(), map);
  EXPECT_THAT(told.ids, IsEmpty());
  EXPECT_THAT(told.selection.reason, HasSubstr("offloaded to a network device"));
}

TEST(Select, WithinAKindThePriority) {
  PluginDirectory directory;
  directory.add("a", "a.low", {"attach=map-type:hash prio=-1"})
      .add("b", "a.high", {"attach=map-type:h* prio=2"});
  const auto registry = directory.registry();
  EXPECT_THAT(select(registry, map_of("hash")).ids, ElementsAre("a.high", "a.low"));
}

TEST(Select, ThePluginsBestLineCounts) {
  PluginDirectory directory;
  directory.add("a", "a.two",
                {"attach=map-type:hash prio=3", "attach=map-type:ha* prio=7", "attach=map-type:* prio=7"});
  const auto registry = directory.registry();
  const auto told = select(registry, map_of("hash"));
  ASSERT_THAT(told.ids, ElementsAre("a.two"));
  EXPECT_EQ(told.selection.choices[0].attach, 1U);
}

TEST(Select, RefusedPluginsDoNotRender) {
  PluginDirectory directory;
  directory.add("a", "a.b").add("b", "a.b", {"attach=map-type:hash"}, "2.0.0");
  const auto registry = directory.registry();
  EXPECT_THAT(select(registry, map_of("hash")).ids, IsEmpty());
}

TEST(SelectTie, NamesAllAndTheLineThatSettlesIt) {
  PluginDirectory directory;
  directory.add("z", "a.one").add("y", "a.two");
  const auto registry = directory.registry();
  const auto told = select(registry, map_of("hash", "m.1"));
  EXPECT_TRUE(told.selection.tie);
  EXPECT_THAT(told.ids, IsEmpty());
  EXPECT_EQ(told.selection.reason,
            "a.one@1.0.0 and a.two@1.0.0 both claim it with map-type:hash prio 0; settle it with prefer = "
            "[\"a.one\"] in [plugins], or use = \"a.one\" in [map.\"m.1\"]");
}

TEST(SelectTie, WhoeverStandsBehindShowsTheMap) {
  PluginDirectory directory;
  directory.add("z", "a.one").add("y", "a.two").add("x", "a.three", {"attach=map-type:hash prio=-5"});
  const auto registry = directory.registry();
  const auto told = select(registry, map_of("hash"));
  EXPECT_TRUE(told.selection.tie);
  EXPECT_THAT(told.ids, ElementsAre("a.three"));
  EXPECT_THAT(told.selection.reason, StartsWith("a.one@1.0.0 and a.two@1.0.0 both claim it"));
}

/// Nobody settles it for the plugin from elsewhere by leaving out prio.
TEST(SelectTie, TheProgramsOwnShowsTheMap) {
  PluginDirectory own, other;
  own.add("hash", "z.hash");
  other.add("a", "a.one").add("b", "a.low", {"attach=map-type:hash prio=-1"});
  const auto registry = Registry::discover({own.path()}, {other.path()}, {}, {});
  ASSERT_TRUE(registry) << registry.error().text;
  const auto told = select(*registry, map_of("hash"));
  EXPECT_TRUE(told.selection.tie);
  EXPECT_THAT(told.ids, ElementsAre("z.hash", "a.low"));
  EXPECT_THAT(told.selection.reason, HasSubstr("settle it with prefer = [\"a.one\"]"));
  config::Config config;
  config.plugins.prefer = {"a.one"};
  const auto settled = select(*registry, map_of("hash"), config);
  EXPECT_FALSE(settled.selection.tie);
  EXPECT_THAT(settled.ids, ElementsAre("a.one", "z.hash", "a.low"));
}

TEST(SelectTie, PreferenceSettlesIt) {
  PluginDirectory directory;
  directory.add("a", "a.one").add("b", "a.two").add("c", "a.three");
  const auto registry = directory.registry();
  config::Config config;
  config.plugins.prefer = {"a.two", "a.three"};
  const auto told = select(registry, map_of("hash"), config);
  EXPECT_FALSE(told.selection.tie);
  EXPECT_THAT(told.ids, ElementsAre("a.two", "a.three", "a.one"));
}

TEST(SelectTie, BelowTheFirstIsNoTrouble) {
  PluginDirectory directory;
  directory.add("a", "a.first", {"attach=map-type:hash prio=1"}).add("b", "a.two").add("c", "a.three");
  const auto registry = directory.registry();
  const auto told = select(registry, map_of("hash"));
  EXPECT_FALSE(told.selection.tie);
  EXPECT_THAT(told.ids, ElementsAre("a.first"));
}

config::MapRule rule(const std::string& glob, std::optional<std::string> use) {
  config::MapRule rule;
  rule.glob = glob;
  rule.use = std::move(use);
  rule.origin = "site.toml:4";
  return rule;
}

TEST(SelectUse, APersonDecides) {
  PluginDirectory directory;
  directory.add("a", "a.hash", {"attach=map-type:hash prio=9"})
      .add("b", "a.other", {"attach=allocator:x var=struct x", "attach=map-type:queue"});
  const auto registry = directory.registry();
  config::Config config;
  config.maps = {rule("m*", std::nullopt), rule("m*", "a.other"), rule("m", "a.hash")};
  const auto told = select(registry, map_of("hash"), config);
  EXPECT_THAT(told.ids, ElementsAre("a.other", "a.hash"));
  EXPECT_EQ(told.selection.choices[0].why, "configuration site.toml:4");
  EXPECT_EQ(told.selection.choices[0].attach, 0U);
  EXPECT_EQ(select(registry, map_of("queue"), config).selection.choices[0].attach, 1U);
  EXPECT_THAT(select(registry, map_of("hash", "n"), config).ids, ElementsAre("a.hash"));
}

TEST(SelectUse, SettlesATie) {
  const auto registry = PluginDirectory().add("a", "a.one").add("b", "a.two").registry();
  config::Config config;
  config.maps = {rule("m", "a.two")};
  EXPECT_THAT(select(registry, map_of("hash"), config).ids, ElementsAre("a.two", "a.one"));
}

TEST(SelectUse, OfAPluginThatIsNotThereFallsThrough) {
  const auto registry = PluginDirectory().add("a", "a.hash").add_text("b.so", "").registry();
  config::Config config;
  config.maps = {rule("m", "a.gone")};
  const auto told = select(registry, map_of("hash"), config);
  EXPECT_THAT(told.ids, ElementsAre("a.hash"));
  EXPECT_EQ(told.selection.reason, "site.toml:4 asks for a.gone, which is in none of the plugin directories");
}

TEST(SelectUse, OfARefusedPluginSaysWhy) {
  PluginDirectory directory;
  directory.add("a", "a.hash").add("b", "a.denied");
  config::Config config;
  config.plugins.deny = {"a.denied"};
  config.maps = {rule("m", "a.denied")};
  const auto registry = directory.registry(config.plugins);
  const auto told = select(registry, map_of("hash"), config);
  EXPECT_THAT(told.ids, ElementsAre("a.hash"));
  EXPECT_EQ(told.selection.reason,
            "site.toml:4 asks for a.denied, which is refused (a.denied is denied by \"a.denied\" in "
            "[plugins] deny)");
}

TEST(SelectUse, OfAPluginThatNeedsMore) {
  const auto registry =
      PluginDirectory().add("a", "a.b", {"attach=map-type:hash", "needs=struct gone"}).registry();
  config::Config config;
  config.maps = {rule("m", "a.b")};
  const auto told = select(registry, map_of("hash"), config);
  EXPECT_THAT(told.ids, IsEmpty());
  EXPECT_THAT(told.selection.reason,
              StartsWith("site.toml:4 asks for a.b, which needs struct gone: not in this kernel or program"));
}

std::string reason_for(const std::string& need, const catalog::Map& map) {
  const auto registry =
      PluginDirectory().add("a", "a.b", {"attach=map-type:hash", "needs=" + need}).registry();
  return select(registry, map).selection.reason;
}

TEST(SelectNeeds, AreInTheKernelOrInTheProgram) {
  EXPECT_EQ(reason_for("struct bucket.head,raw_lock", map_of("hash")), "");
  EXPECT_EQ(reason_for("bucket", map_of("hash")), "");
  EXPECT_EQ(reason_for("enum colour.GREEN", map_of("hash")), "");
  EXPECT_EQ(reason_for("struct task_ctx.weight", map_of_task_ctx()), "");
}

TEST(SelectNeeds, NameWhatIsMissing) {
  EXPECT_EQ(reason_for("struct bucket.head,gone", map_of("hash")),
            "a.b@1.0.0 needs struct bucket.gone: not in this kernel or program");
  EXPECT_EQ(reason_for("union bucket", map_of("hash")),
            "a.b@1.0.0 needs union bucket: not in this kernel or program");
  EXPECT_EQ(reason_for("enum colour.BLUE", map_of("hash")),
            "a.b@1.0.0 needs enum colour.BLUE: not in this kernel or program");
  EXPECT_EQ(reason_for("struct task_ctx.weight", map_of("hash")),
            "a.b@1.0.0 needs struct task_ctx: not in this kernel or program");
  EXPECT_EQ(reason_for("struct bucket.head,raw_lok", map_of("hash")),
            "a.b@1.0.0 needs struct bucket.raw_lok (did you mean raw_lock?): not in this kernel or program");
  EXPECT_EQ(reason_for("enum colour.GREN", map_of("hash")),
            "a.b@1.0.0 needs enum colour.GREN (did you mean GREEN?): not in this kernel or program");
  EXPECT_EQ(reason_for("struct task_ctx.age", map_of_task_ctx()),
            "a.b@1.0.0 needs struct task_ctx.age: not in this kernel or program");
}

TEST(SelectNeeds, TheNearestTypeForAPersonWhoAsks) {
  const auto meant = [](const std::string& type, const std::vector<std::string>& members = {}) {
    Manifest manifest;
    manifest.needs = {{"struct bucket", {"lock"}}, {type, members}};
    return nearest_need(manifest, *kernel().types);
  };
  EXPECT_EQ(meant("struct bukcet"), "struct bucket");
  EXPECT_EQ(meant("buckets"), "bucket");
  EXPECT_EQ(meant("union bukcet"), "") << "another kind";
  EXPECT_EQ(meant("struct quite_another"), "");
  EXPECT_EQ(meant("struct bucket", {"gone"}), "") << "the type is there";
}

TEST(SelectNeeds, TheNextOneRendersInstead) {
  PluginDirectory directory;
  directory.add("a", "a.new", {"attach=map-type:hash prio=5", "needs=struct gone"}).add("b", "a.old");
  const auto registry = directory.registry();
  const auto told = select(registry, map_of("hash"));
  EXPECT_THAT(told.ids, ElementsAre("a.old"));
  EXPECT_EQ(told.selection.reason, "a.new@1.0.0 needs struct gone: not in this kernel or program");
}

} // namespace
} // namespace mapscope::plugin
