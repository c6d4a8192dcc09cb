// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

namespace mapscope::plain {
namespace {

TEST(Plain, ScalarsAreThemselves) {
  EXPECT_EQ(plainly(uint(18446744073709551615U)), "18446744073709551615");
  EXPECT_EQ(plainly(R"({"kind":"int","bits":64,"value":-9223372036854775808})"), "-9223372036854775808");
  EXPECT_EQ(plainly(R"({"kind":"bool","value":true})"), "true");
  EXPECT_EQ(plainly(R"({"kind":"float","bits":64,"value":0.5})"), "0.5");
  EXPECT_EQ(plainly(R"({"kind":"char","value":65})"), "\"A\"");
  EXPECT_EQ(plainly(R"({"kind":"char","value":0})"), "0");
  EXPECT_EQ(plainly(R"({"kind":"enum","bits":32,"value":2,"variant":"MODE_DRAIN"})"), "\"MODE_DRAIN\"");
  EXPECT_EQ(plainly(R"({"kind":"enum","bits":32,"value":99,"variant":null})"), "99");
  EXPECT_EQ(plainly(R"({"kind":"cpu_list","cpus":"0-3"})"), "\"0-3\"");
  EXPECT_EQ(plainly(R"({"kind":"bytes","hex":"00 ff"})"), "\"00 ff\"");
  EXPECT_EQ(plainly(R"({"kind":"unsupported","reason":"x"})"), "null");
}

TEST(Plain, AddressesAreHexadecimalWhateverIsBehindThem) {
  EXPECT_EQ(plainly(pointer("")), "\"0x1000\"");
  EXPECT_EQ(plainly(pointer(R"(,"deref":)" + uint(1))), "\"0x1000\"");
}

TEST(Plain, StructsAreObjectsAndUnnamedMembersAreTheirs) {
  const std::string inner = record(member("raw", uint(1)) + "," + member("low", uint(2)));
  EXPECT_EQ(plainly(record(member("x", uint(3)) + "," + member("", inner))), R"({"x":3,"raw":1,"low":2})");
}

TEST(Plain, WhatStandsBesideTheMembersIsAmongThem) {
  EXPECT_EQ(plainly(R"({"kind":"struct","type_name":"bpf_timer","armed":true,"callback":"tick"})"),
            R"({"armed":true,"callback":"tick"})");
}

TEST(Plain, CharactersAreTextWhereNothingElseIs) {
  EXPECT_EQ(plainly(list(character('h') + "," + character('i') + "," + character(0))), "\"hi\"");
  EXPECT_EQ(plainly(list(character('h') + "," + character(0) + "," + character('i'))), "[104,0,105]");
  EXPECT_EQ(plainly(list(character(-3) + "," + character(1))), "[-3,1]");
  EXPECT_EQ(plainly(list(uint(1) + "," + uint(2))), "[1,2]");
  const auto byte = [](int code) {
    return R"({"kind":"uint","bits":8,"value":)" + std::to_string(code) + "}";
  };
  EXPECT_EQ(plainly(list(byte('s') + "," + byte('d') + "," + byte('t') + "," + byte(0))), "\"sdt\"");
  EXPECT_EQ(plainly(list(byte('s') + "," + byte('d') + "," + byte(0))), "[115,100,0]");
  EXPECT_EQ(plainly(list(byte('s') + "," + byte('d') + "," + byte('t'))), "[115,100,116]");
}

TEST(Plain, OfATruncatedValueThereIsAPart) {
  EXPECT_EQ(plainly(R"({"kind":"truncated","needed":4,"had":2,"partial":{"kind":"bytes","hex":"12 34"}})"),
            "\"12 34\"");
}

TEST(Plain, AKindOfSomebodyElseIsNoValue) {
  EXPECT_EQ(plainly(R"({"index":3,"kind":"map","id":7})"), R"({"index":3,"kind":"map","id":7})");
}

TEST(Plain, NothingMovesACursor) {
  EXPECT_EQ(shown_text(parsed("\"a\\u009bB\"")), "\"a\\u009BB\"");
  EXPECT_EQ(shown_text(parsed("\"plain\"")), "plain");
}

} // namespace
} // namespace mapscope::plain
