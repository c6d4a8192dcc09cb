// SPDX-License-Identifier: Apache-2.0
#include "host/base/checked.hpp"
#include "host/base/result.hpp"

#include <array>
#include <gtest/gtest.h>

namespace mapscope {
namespace {

constexpr std::uint64_t huge = ~0ULL;

TEST(Fits, DoesNotWrap) {
  EXPECT_TRUE(fits(0, 0, 0));
  EXPECT_TRUE(fits(4, 4, 8));
  EXPECT_FALSE(fits(5, 4, 8));
  EXPECT_FALSE(fits(huge, 2, 8));
  EXPECT_FALSE(fits(2, huge, 8));
  EXPECT_FALSE(fits(huge, huge, huge - 1));
}

TEST(LoadAt, ReadsUnalignedAndRefusesTheEnd) {
  const std::array<std::byte, 6> bytes{std::byte{1}, std::byte{2}, std::byte{3},
                                       std::byte{4}, std::byte{5}, std::byte{6}};
  EXPECT_EQ(load_at<std::uint32_t>(bytes, 1), 0x05040302U);
  EXPECT_EQ(load_at<std::uint32_t>(bytes, 3), std::nullopt);
  EXPECT_EQ(load_at<std::uint8_t>(bytes, huge), std::nullopt);
}

TEST(Slice, IsInsideOrNothing) {
  const std::array<std::byte, 4> bytes{};
  EXPECT_EQ(slice(bytes, 1, 3)->size(), 3U);
  EXPECT_EQ(slice(bytes, 4, 0)->size(), 0U);
  EXPECT_FALSE(slice(bytes, 1, huge));
}

TEST(Error, ContextGoesInFront) {
  const Error error = Error{Errc::corrupt, "bad shift", 0x10}.within("map_idr");
  EXPECT_EQ(error.text, "map_idr: bad shift");
  EXPECT_EQ(error.address, 0x10U);
}

} // namespace
} // namespace mapscope
