// SPDX-License-Identifier: Apache-2.0
#include "host/base/display_width.hpp"

#include <gtest/gtest.h>

namespace mapscope {
namespace {

TEST(DisplayWidth, IsThatOfATerminal) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("\xc3\xa9"), 1U) << "e with an acute";
  EXPECT_EQ(display_width("e\xcc\x81"), 1U) << "the same of two characters";
  EXPECT_EQ(display_width("\xe4\xb8\xad\xe6\x96\x87"), 4U) << "two ideographs";
  EXPECT_EQ(display_width("\xf0\x9f\x98\x80!"), 3U) << "an emoji";
  EXPECT_EQ(display_width("a\xff"), 2U) << "no UTF-8, which a terminal shows as one";
}

} // namespace
} // namespace mapscope
