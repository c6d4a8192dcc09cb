// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

namespace mapscope::guest {
namespace {

TEST(Cpumap, ShowsTheCpuItsQueueAndItsThread) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "a_cpumap"});
    EXPECT_EQ(counts_of(report, "a_cpumap"), R"({"populated":1,"scanned":8,"indices":[0]})");
    const auto* map = map_with_slots(report, "a_cpumap");
    ASSERT_NE(map, nullptr);
    const auto& slot = (*map)["fd_array"]["slots"][0];
    EXPECT_STREQ(slot["kind"].GetString(), "cpu");
    EXPECT_EQ(slot["cpu"].GetUint(), 0U);
    EXPECT_EQ(slot["qsize"].GetUint(), 192U);
    EXPECT_FALSE(slot.HasMember("program"));
    const std::string thread = "cpumap/0/map:" + std::to_string((*map)["id"].GetUint());
    EXPECT_EQ(slot["kthread"]["comm"].GetString(), thread.substr(0, 15));
  }
}

} // namespace
} // namespace mapscope::guest
