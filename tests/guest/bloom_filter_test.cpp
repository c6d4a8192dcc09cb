// SPDX-License-Identifier: Apache-2.0
// How many values a bloom filter says it holds, against how many were pushed.
#include "captures.hpp"

#include <cmath>
#include <gtest/gtest.h>

namespace mapscope::guest {
namespace {

TEST(BloomFilters, SayAboutHowManyValuesTheyHold) {
  constexpr double pushed = 2000;
  unsigned seen = 0;
  for (const Capture& capture : captures()) {
    if (!knows_map_type(capture, "bloom_filter")) continue; // before 5.16
    SCOPED_TRACE(capture.name);
    ++seen;
    const auto report = dump(capture.vmcore(), {"--map", "bloom_2000"});
    ASSERT_EQ(report["maps"].Size(), 1U);
    const auto& filter = report["maps"][0]["bloom_filter"];
    EXPECT_NEAR(filter["estimated_entries"].GetDouble(), pushed, pushed * 0.05);
    const double fill = filter["bits_set"].GetDouble() / filter["nr_bits"].GetDouble(),
                 rate = filter["false_positive_rate"].GetDouble();
    EXPECT_NEAR(rate, std::pow(fill, filter["nr_hash_funcs"].GetUint()), rate * 1e-9);
    EXPECT_GT(rate, 0.001);
    EXPECT_LT(rate, 0.1); // it holds no more than it is made for
    EXPECT_FALSE(report["maps"][0].HasMember("entry_count")) << "nobody can count them";
  }
  EXPECT_GT(seen, 0U);
}

} // namespace
} // namespace mapscope::guest
