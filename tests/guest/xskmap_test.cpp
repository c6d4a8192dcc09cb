// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

namespace mapscope::guest {
namespace {

TEST(Xskmap, ShowsASocketThatIsNotBound) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "an_xskmap"});
    EXPECT_EQ(counts_of(report, "an_xskmap"), R"({"populated":1,"scanned":8,"indices":[5]})");
    EXPECT_EQ(slots_of(report, "an_xskmap"), (Slots{R"({"index":5,"kind":"xsk","queue_id":0})"}));
  }
}

} // namespace
} // namespace mapscope::guest
