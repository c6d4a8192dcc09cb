// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

namespace mapscope::guest {
namespace {

TEST(PerfEventArray, ShowsTheEventAndItsOwner) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "type:perf_event_array", "--map", "a_perf_array"});
    EXPECT_EQ(counts_of(report, "a_perf_array"), R"({"populated":1,"scanned":8,"indices":[0]})");
    const auto* map = map_with_slots(report, "a_perf_array");
    ASSERT_NE(map, nullptr);
    const auto& slot = (*map)["fd_array"]["slots"][0];
    EXPECT_STREQ(slot["kind"].GetString(), "perf_event");
    const bool of_a_pmu = slot["type"] != "software"; // newer kernels store what serves the event
    EXPECT_TRUE(!of_a_pmu || slot["pmu"] == "cpu_clock") << json_text(slot);
    EXPECT_EQ(slot["config"].GetUint64(), 0U);
    EXPECT_EQ(slot["cpu"].GetInt(), 0);
    EXPECT_EQ(json_text(slot["owner"]), R"({"pid":1,"tgid":1,"comm":"init"})");
  }
}

} // namespace
} // namespace mapscope::guest
