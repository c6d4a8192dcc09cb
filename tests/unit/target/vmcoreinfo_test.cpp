// SPDX-License-Identifier: Apache-2.0
#include "host/target/vmcoreinfo.hpp"

#include <gtest/gtest.h>

namespace mapscope::target {
namespace {

TEST(Vmcoreinfo, EveryFormOfNumber) {
  const auto info = Vmcoreinfo::parse("SYMBOL(a)=ffffffff81000000\nNUMBER(down)=-503316480\n"
                                      "NUMBER(hex)=0xffff800000000000\nNUMBER(big)=18446744073709551615\n"
                                      "OFFSET(o)=16\nSIZE(s)=24\nLENGTH(l)=64\nKERNELOFFSET=1e000000\n");
  EXPECT_EQ(info.symbol("a"), 0xffffffff81000000);
  EXPECT_EQ(info.number("down"), 0 - 503316480ULL);
  EXPECT_EQ(info.number("hex"), 0xffff800000000000);
  EXPECT_EQ(info.number("big"), ~0ULL);
  EXPECT_EQ(info.offset("o"), 16U);
  EXPECT_EQ(info.offset("s"), 24U);
  EXPECT_EQ(info.offset("l"), 64U);
  EXPECT_EQ(info.hex("KERNELOFFSET"), 0x1e000000U);
}

TEST(Vmcoreinfo, WhatIsNoNumberIsAbsent) {
  const auto info =
      Vmcoreinfo::parse("SYMBOL(a)=0xff\nSYMBOL(b)=10000000000000000\nSYMBOL(c)=\nNUMBER(d)=12 \n"
                        "NUMBER(e)=0x\nNUMBER(f)=-\nOFFSET(g)=-1\nOFFSET(h)=1f\n");
  for (const char* name : {"a", "b", "c", "missing"}) EXPECT_FALSE(info.symbol(name)) << name;
  for (const char* name : {"d", "e", "f", "a", "missing"}) EXPECT_FALSE(info.number(name)) << name;
  for (const char* name : {"g", "h", "missing"}) EXPECT_FALSE(info.offset(name)) << name;
  EXPECT_EQ(info.release(), "");
}

TEST(Vmcoreinfo, OfEqualKeysTheFirst) {
  const auto info = Vmcoreinfo::parse("OSRELEASE=6.12\nOSRELEASE=5.10\n");
  EXPECT_EQ(info.release(), "6.12");
}

TEST(Vmcoreinfo, ALineCutAtTheEndOfThePageIsLeftOut) {
  const auto info = Vmcoreinfo::parse("OSRELEASE=6.12\nSYMBOL(a)=ffffffff8");
  EXPECT_EQ(info.release(), "6.12");
  EXPECT_FALSE(info.symbol("a"));
}

TEST(Vmcoreinfo, EndsAtTheFirstNul) {
  using namespace std::string_view_literals;
  const auto info = Vmcoreinfo::parse("OSRELEASE=6.12\n\0SYMBOL(a)=1\n"sv);
  EXPECT_FALSE(info.symbol("a"));
  EXPECT_TRUE(Vmcoreinfo::parse("\0OSRELEASE=6.12\n"sv).empty());
}

TEST(Vmcoreinfo, LinesWithoutAnEqualSignAreLeftOut) {
  const auto info = Vmcoreinfo::parse("nonsense\n\nOSRELEASE=6=12\n=\n");
  EXPECT_EQ(info.release(), "6=12");
  EXPECT_TRUE(Vmcoreinfo::parse("nonsense\n").empty());
}

TEST(Vmcoreinfo, KeepsItsTextWhenMoved) {
  auto info = Vmcoreinfo::parse("OSRELEASE=6\n");
  const Vmcoreinfo moved = std::move(info);
  EXPECT_EQ(moved.release(), "6");
}

} // namespace
} // namespace mapscope::target
