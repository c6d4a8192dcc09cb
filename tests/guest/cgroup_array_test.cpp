// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

namespace mapscope::guest {
namespace {

TEST(CgroupArray, ShowsPathsFromTheRoot) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "type:cgroup_array"});
    EXPECT_EQ(counts_of(report, "a_cgroup_array"), R"({"populated":2,"scanned":8,"indices":[3,5]})");
    const auto* map = map_with_slots(report, "a_cgroup_array");
    ASSERT_NE(map, nullptr);
    const auto& slots = (*map)["fd_array"]["slots"];
    EXPECT_EQ(json_text(slots[0]), R"({"index":3,"kind":"cgroup","id":1,"path":"/"})");
    EXPECT_STREQ(slots[1]["path"].GetString(), "/outer.slice/inner.scope");
    EXPECT_GT(slots[1]["id"].GetUint64(), 1U); // the inode of the directory
  }
}

} // namespace
} // namespace mapscope::guest
