// SPDX-License-Identifier: Apache-2.0
// Names that the kernel cuts, of a scheduler that has many (scx_qmap).
#include "captures.hpp"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace mapscope::guest {
namespace {

std::filesystem::path scx_qmap() {
  for (const Capture& capture : scheduler_captures())
    if (capture.name.ends_with("-scx-starving")) return capture.vmcore();
  return {};
}

TEST(SchedulerNames, OfProgramsAreWhole) {
  ASSERT_FALSE(scx_qmap().empty());
  const auto report = dump(scx_qmap(), {"--map", "scx_qmap.bss"});
  std::set<std::string> cut, whole;
  for (const auto& program : report["programs"].GetArray()) {
    const std::string name = program["name"].GetString();
    if (!program.HasMember("full_name")) continue;
    EXPECT_EQ(name.size(), 15U) << name;
    EXPECT_EQ(std::string(program["full_name"].GetString()).find(name), 0U) << name;
    cut.insert(name), whole.insert(program["full_name"].GetString());
  }
  EXPECT_TRUE(whole.contains("qmap_core_sched_before"));
  EXPECT_TRUE(whole.contains("qmap_cpuctl_set_weight"));
  EXPECT_TRUE(whole.contains("qmap_cpuctl_set_bandwidth"));
  EXPECT_TRUE(cut.contains("qmap_cpuctl_set"));
}

TEST(SchedulerNames, BothChooseAMap) {
  ASSERT_FALSE(scx_qmap().empty());
  for (const char* spec : {"round_robin_timer", "round_robin_tim"}) {
    const auto report = dump(scx_qmap(), {"--map", spec});
    ASSERT_EQ(report["maps"].Size(), 1U) << spec;
    EXPECT_STREQ(report["maps"][0]["name"].GetString(), "round_robin_tim");
    EXPECT_STREQ(report["maps"][0]["full_name"].GetString(), "round_robin_timer");
  }
  const std::string core = scx_qmap().string();
  EXPECT_EQ(run({"dump", core, "-j", "--map", "prog:qmap_update_idle"}).exit_code, 0);
  const Ran missed = run({"dump", core, "--map", "prog:qmap_update_idel"});
  EXPECT_EQ(missed.exit_code, 2);
  EXPECT_NE(missed.err.find("did you mean prog:qmap_update_idle?"), std::string::npos) << missed.err;
}

} // namespace
} // namespace mapscope::guest
