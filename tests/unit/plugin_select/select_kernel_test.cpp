// SPDX-License-Identifier: Apache-2.0
// Who shows a part of the kernel: needs, priority, preference, ties; and that no map falls to such a plugin.
#include "tests/support/btf_builder.hpp"
#include "tests/unit/plugin_select/plugin_directory.hpp"

#include <gmock/gmock.h>

namespace mapscope::plugin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::shared_ptr<const btf::Types> kernel() {
  test::BtfBuilder builder;
  builder.record("scx_rq", {{"flags", builder.u32()}});
  return builder.types("vmlinux");
}

/// "NAME by ID", or "NAME: REASON" where nobody was chosen.
std::vector<std::string> told(const Registry& registry, const config::Config& config = {}) {
  std::vector<std::string> lines;
  for (const KernelTarget& target : registry.kernel_targets(*kernel(), config)) {
    const auto& choices = target.selection.choices;
    EXPECT_EQ(target.selection.tie, choices.empty());
    lines.push_back(target.name + (choices.empty() ? ": " + target.selection.reason
                                                   : " by " + choices[0].plugin->manifest().id));
  }
  return lines;
}

TEST(SelectKernel, ByName) {
  PluginDirectory directory;
  directory.add("a", "a.tasks", {"attach=kernel:tasks"})
      .add("b", "a.scx",
           {"attach=map-type:hash", "attach=kernel:sched_ext prio=-5", "needs=struct scx_rq.flags"})
      .add("c", "a.hash", {"attach=map-type:hash"});
  const auto registry = directory.registry();
  EXPECT_THAT(told(registry), ElementsAre("sched_ext by a.scx", "tasks by a.tasks"));
  const auto targets = registry.kernel_targets(*kernel(), {});
  EXPECT_EQ(targets[0].selection.choices[0].attach, 1U);
  EXPECT_EQ(targets[0].selection.choices[0].why, "kernel:sched_ext prio -5");
}

TEST(SelectKernel, WhatThisKernelHasNotIsNotSpokenOf) {
  PluginDirectory directory;
  directory.add("a", "a.type", {"attach=kernel:a", "needs=struct nowhere"})
      .add("b", "a.member", {"attach=kernel:b", "needs=struct scx_rq.nowhere"});
  EXPECT_THAT(told(directory.registry()), IsEmpty());
}

TEST(SelectKernel, TheHigherPriority) {
  PluginDirectory directory;
  directory.add("a", "a.low", {"attach=kernel:x"}).add("b", "a.high", {"attach=kernel:x prio=1"});
  const auto registry = directory.registry();
  EXPECT_THAT(told(registry), ElementsAre("x by a.high"));
  const auto choices = registry.kernel_targets(*kernel(), {})[0].selection.choices;
  ASSERT_EQ(choices.size(), 2U) << "the other stands by";
  EXPECT_EQ(choices[1].plugin->manifest().id, "a.low");
}

TEST(SelectKernel, ATieNamesAllAndTheLineThatSettlesIt) {
  PluginDirectory directory;
  directory.add("a", "a.one", {"attach=kernel:x"}).add("b", "a.two", {"attach=kernel:x"});
  const auto registry = directory.registry();
  EXPECT_THAT(told(registry), ElementsAre("x: a.one@1.0.0 and a.two@1.0.0 claim kernel:x prio 0; settle "
                                          "it with prefer = [\"a.one\"] in [plugins]"));
  config::Config config;
  config.plugins.prefer = {"a.two"};
  EXPECT_THAT(told(registry, config), ElementsAre("x by a.two"));
}

TEST(SelectKernel, ATieLeavesItToTheProgramsOwn) {
  PluginDirectory own, other;
  own.add("scx", "z.scx", {"attach=kernel:x"});
  other.add("a", "a.one", {"attach=kernel:x"});
  const auto registry = Registry::discover({own.path()}, {other.path()}, {}, {});
  ASSERT_TRUE(registry) << registry.error().text;
  const auto selection = registry->kernel_targets(*kernel(), {}).at(0).selection;
  EXPECT_TRUE(selection.tie);
  ASSERT_EQ(selection.choices.size(), 1U);
  EXPECT_EQ(selection.choices[0].plugin->manifest().id, "z.scx");
}

TEST(SelectKernel, RefusedPluginsShowNothing) {
  config::Plugins settings;
  settings.deny = {"a.*"};
  EXPECT_THAT(told(PluginDirectory().add("a", "a.one", {"attach=kernel:x"}).registry(settings)), IsEmpty());
}

TEST(SelectKernel, NoMapFallsToIt) {
  const auto registry = PluginDirectory().add("a", "a.one", {"attach=kernel:hash"}).registry();
  catalog::Map map;
  map.type_name = "hash", map.name = "hash";
  EXPECT_THAT(registry.select(map, *kernel(), {}).choices, IsEmpty());
  config::Config config;
  config::MapRule rule;
  rule.glob = "hash", rule.use = "a.one", rule.origin = "here:1";
  config.maps = {rule};
  const auto selection = registry.select(map, *kernel(), config);
  EXPECT_THAT(selection.choices, IsEmpty());
  EXPECT_EQ(selection.reason, "here:1 asks for a.one, which renders no maps");
}

} // namespace
} // namespace mapscope::plugin
