// SPDX-License-Identifier: Apache-2.0
#include "host/memory/layout.hpp"

#include <gmock/gmock.h>

namespace mapscope::memory {
namespace {

using testing::ElementsAre;

std::string refusal(std::string_view text) {
  const auto layout = parse_layout(text);
  if (layout) return "was accepted";
  EXPECT_EQ(layout.error().code, Errc::usage);
  return layout.error().text;
}

TEST(Layout, RangesInTheOrderOfTheFile) {
  EXPECT_THAT(*parse_layout("0-0xbfffffff,0x100000000-"),
              ElementsAre(memory::Run{0, 0xc0000000}, memory::Run{0x100000000, memory::Run::rest}));
  EXPECT_THAT(*parse_layout("0x100000000-0x1ffffffff,0-4095"),
              ElementsAre(memory::Run{0x100000000, 0x100000000}, memory::Run{0, 4096}));
  EXPECT_THAT(*parse_layout("7-7"), ElementsAre(memory::Run{7, 1}));
  EXPECT_THAT(*parse_layout("0-0xfff,0x1000-0x1fff"),
              ElementsAre(memory::Run{0, 4096}, memory::Run{4096, 4096}));
}

TEST(Layout, WhatIsNoLayout) {
  for (const char* text : {"", "0", "-", "0x-", "0-4095,", ",0-4095", "0-1-2", "0 - 1", "-0-1", "0-+1",
                           "1g-2g", "0-0x10000000000000000"})
    EXPECT_THAT(refusal(text), testing::MatchesRegex("--layout: \".*\" is no range of addresses, such as .+"))
        << text;
  EXPECT_EQ(refusal("8-7"), "--layout: 8-7 ends before it begins");
  EXPECT_EQ(refusal("0-0xffffffffffffffff"),
            "--layout: 0-0xffffffffffffffff has no end; leave the last number away");
  EXPECT_EQ(refusal("0-4095,4095-"), "--layout: the ranges at 0x0 and at 0xfff overlap");
  EXPECT_EQ(refusal("4096-8191,0-"), "--layout: the ranges at 0x0 and at 0x1000 overlap");
  EXPECT_EQ(refusal("4096-,0-4095"), "--layout: 0x1000- has no end and is not the last range");
  std::string many = "0-0";
  for (int i = 1; i <= 1024; ++i) many += "," + std::to_string(i) + "-" + std::to_string(i);
  EXPECT_EQ(refusal(many), "--layout: more than 1024 ranges");
}

TEST(Layout, AsText) {
  const Layout layout = {{0x1000, 0x1000}, {0x100000000, memory::Run::rest}};
  EXPECT_EQ(layout_text(layout, 0x3000), "0x1000-0x1fff,0x100000000-0x100001fff");
  EXPECT_EQ(holes_text(layout, 0x3000), "0x0-0xfff, 0x2000-0xffffffff");
  EXPECT_EQ(layout_text(layout, 0x1000), "0x1000-0x1fff") << "nothing is left for the second";
  EXPECT_EQ(holes_text({memory::Run{}}, 0x3000), "");
}

} // namespace
} // namespace mapscope::memory
