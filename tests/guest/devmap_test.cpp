// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

namespace mapscope::guest {
namespace {

TEST(Devmap, ShowsTheLoopbackDevice) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "a_devmap*"});
    EXPECT_EQ(counts_of(report, "a_devmap"), R"({"populated":1,"scanned":8,"indices":[3]})");
    EXPECT_EQ(counts_of(report, "a_devmap_hash"), R"({"populated":1,"scanned":1,"indices":[3]})");
    const Slots loopback = {R"({"index":3,"kind":"device","ifindex":1,"name":"lo"})"};
    EXPECT_EQ(slots_of(report, "a_devmap"), loopback);
    EXPECT_EQ(slots_of(report, "a_devmap_hash"), loopback);
  }
}

} // namespace
} // namespace mapscope::guest
