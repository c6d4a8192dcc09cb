// SPDX-License-Identifier: Apache-2.0
#include "captures.hpp"

#include <gtest/gtest.h>

namespace mapscope::guest {
namespace {

TEST(MapsOfMaps, AreTruncatedByTheLimit) {
  ASSERT_FALSE(captures().empty());
  const auto report = dump(captures().front().vmcore(), {"--map", "outer_*", "--limit", "1"});
  ASSERT_EQ(report["maps"].Size(), 2U);
  for (const auto& map : report["maps"].GetArray()) {
    EXPECT_STREQ(map["status"].GetString(), "truncated");
    EXPECT_EQ(map["entry_count"].GetUint(), 2U);
    EXPECT_EQ(map["fd_array"]["populated"].GetUint(), 2U);
    EXPECT_EQ(map["fd_array"]["slots"].Size(), 1U);
  }
}

} // namespace
} // namespace mapscope::guest
