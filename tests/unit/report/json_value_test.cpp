// SPDX-License-Identifier: Apache-2.0
// Every kind of value against the report's description (section 8), byte for byte, and read back.
#include "report_text.hpp"

#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace mapscope::report {
namespace {

using V = btf::ValueVisitor;

void expect_json(const Events& events, const std::string& text) {
  EXPECT_EQ(json_of(events), text);
  EXPECT_TRUE(parsed(json_of(events)) == parsed(json_of(events, true))) << json_of(events, true);
}

TEST(JsonValue, Integers) {
  expect_json([](V& v) { v.signed_int(32, -5); }, R"({"kind":"int","bits":32,"value":-5})");
  expect_json([](V& v) { v.unsigned_int(64, 9007199254740993); },
              R"({"kind":"uint","bits":64,"value":9007199254740993})");
  expect_json([](V& v) { v.unsigned_int(3, 6); }, R"({"kind":"uint","bits":3,"value":6})");
  expect_json([](V& v) { v.signed_int(7, -64); }, R"({"kind":"int","bits":7,"value":-64})");
  for (const std::uint32_t bits : {8U, 16U, 32U, 64U}) {
    const std::string width = std::to_string(bits);
    expect_json([=](V& v) { v.signed_int(bits, -1); },
                R"({"kind":"int","bits":)" + width + R"(,"value":-1})");
    expect_json([=](V& v) { v.unsigned_int(bits, 1); },
                R"({"kind":"uint","bits":)" + width + R"(,"value":1})");
  }
}

/// A mark of the member, where neither kind nor width tells it: values have the form that they have
/// elsewhere.
TEST(JsonValue, BitFields) {
  const auto expect_member = [](auto value, const std::string& json) {
    expect_json([&](V& v) { v.begin_struct("s"), v.member("m"), v.bit_field(), value(v), v.end_struct(); },
                R"({"kind":"struct","type_name":"s","members":[{"name":"m","value":)" + json + "}]}");
  };
  expect_member([](V& v) { v.unsigned_int(8, 6); }, R"({"kind":"uint","bits":8,"value":6},"bit_field":true)");
  expect_member([](V& v) { v.signed_int(3, -1); }, R"({"kind":"int","bits":3,"value":-1})");
  expect_member([](V& v) { v.boolean(true); }, R"({"kind":"bool","value":true},"bit_field":true)");
  expect_member([](V& v) { v.character(65); }, R"({"kind":"char","value":65},"bit_field":true)");
  expect_member([](V& v) { v.enumeration(4, 2, "TWO", false); },
                R"({"kind":"enum","bits":4,"value":2,"variant":"TWO"})");
  expect_member([](V& v) { v.enumeration(32, 2, "TWO", false); },
                R"({"kind":"enum","bits":32,"value":2,"variant":"TWO"},"bit_field":true)");
}

TEST(JsonValue, AMemberAfterABitFieldIsNone) {
  expect_json(
      [](V& v) {
        v.begin_struct("s"), v.member("a"), v.bit_field(), v.boolean(true);
        v.member("b"), v.boolean(true), v.end_struct();
      },
      R"({"kind":"struct","type_name":"s","members":[{"name":"a","value":{"kind":"bool","value":true},"bit_field":true},)"
      R"({"name":"b","value":{"kind":"bool","value":true}}]})");
}

TEST(JsonValue, IntegersOf64BitsAreUnharmed) {
  const auto most = parsed(json_of([](V& v) { v.unsigned_int(64, ~0ULL); }));
  EXPECT_EQ(most["value"].GetUint64(), ~0ULL);
  const auto least =
      parsed(json_of([](V& v) { v.signed_int(64, std::numeric_limits<std::int64_t>::min()); }));
  EXPECT_EQ(least["value"].GetInt64(), std::numeric_limits<std::int64_t>::min());
}

TEST(JsonValue, BigNumbersAsStrings) {
  const auto value = [](std::int64_t number) {
    return json_of([=](V& v) { v.signed_int(64, number); }, false, true);
  };
  const std::int64_t exact = 1LL << 53;
  EXPECT_EQ(value(exact), R"({"kind":"int","bits":64,"value":9007199254740992})");
  EXPECT_EQ(value(exact + 1), R"({"kind":"int","bits":64,"value":"9007199254740993"})");
  EXPECT_EQ(value(-exact), R"({"kind":"int","bits":64,"value":-9007199254740992})");
  EXPECT_EQ(value(-exact - 1), R"({"kind":"int","bits":64,"value":"-9007199254740993"})");
  EXPECT_EQ(json_of([](V& v) { v.pointer(~0ULL); }, false, true),
            R"({"kind":"ptr","value":"18446744073709551615"})");
}

TEST(JsonValue, BoolCharPointer) {
  expect_json([](V& v) { v.boolean(true); }, R"({"kind":"bool","value":true})");
  expect_json([](V& v) { v.boolean(false); }, R"({"kind":"bool","value":false})");
  expect_json([](V& v) { v.character(65); }, R"({"kind":"char","value":65})");
  expect_json([](V& v) { v.pointer(0); }, R"({"kind":"ptr","value":0})");
  expect_json([](V& v) { v.pointer(18446612686496956416ULL); },
              R"({"kind":"ptr","value":18446612686496956416})");
}

TEST(JsonValue, Floats) {
  expect_json([](V& v) { v.real(64, 0.5); }, R"({"kind":"float","bits":64,"value":0.5})");
  expect_json([](V& v) { v.real(32, 0.1F); }, R"({"kind":"float","bits":32,"value":0.10000000149011612})");
  expect_json([](V& v) { v.real(64, 3); }, R"({"kind":"float","bits":64,"value":3.0})");
  expect_json([](V& v) { v.real(64, -0.0); }, R"({"kind":"float","bits":64,"value":-0.0})");
  for (const double value : {1e300, 5e-324, std::numeric_limits<double>::max(), 1.0 / 3})
    EXPECT_EQ(parsed(json_of([=](V& v) { v.real(64, value); }))["value"].GetDouble(), value);
}

TEST(JsonValue, FloatsThatAreNotFinite) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [value, name] :
       {std::pair{std::nan(""), "nan"}, std::pair{infinity, "inf"}, std::pair{-infinity, "-inf"}})
    expect_json([value = value](V& v) { v.real(64, value); },
                fmt::format(R"({{"kind":"float","bits":64,"value":null,"non_finite":"{}"}})", name));
}

TEST(JsonValue, WhatAMemberThatIsNotFiniteIsStandsBesideItsValue) {
  expect_json(
      [](V& v) {
        v.begin_struct("s"), v.member("a"), v.real(32, -std::numeric_limits<double>::infinity());
        v.member("b"), v.begin_array(1), v.real(64, std::nan("")), v.end_array();
        v.member("c"), v.real(64, 1), v.end_struct();
      },
      R"({"kind":"struct","type_name":"s","members":[)"
      R"({"name":"a","value":{"kind":"float","bits":32,"value":null},"non_finite":"-inf"},)"
      R"({"name":"b","value":{"kind":"array","len":1,"elements":[)"
      R"({"kind":"float","bits":64,"value":null,"non_finite":"nan"}]}},)"
      R"({"name":"c","value":{"kind":"float","bits":64,"value":1.0}}]})");
}

TEST(JsonValue, Enums) {
  expect_json([](V& v) { v.enumeration(32, 2, "MODE_DRAIN", false); },
              R"({"kind":"enum","bits":32,"value":2,"variant":"MODE_DRAIN"})");
  expect_json([](V& v) { v.enumeration(32, 99, std::nullopt, true); },
              R"({"kind":"enum","bits":32,"value":99,"variant":null})");
  expect_json([](V& v) { v.enumeration(64, -1, std::nullopt, false); }, // what it is, and no other number
              R"({"kind":"enum","bits":64,"value":18446744073709551615,"variant":null})");
  expect_json([](V& v) { v.enumeration(64, -1, "LOW", true); },
              R"({"kind":"enum","bits":64,"value":-1,"variant":"LOW"})");
}

TEST(JsonValue, Structs) {
  expect_json(
      [](V& v) {
        v.begin_struct("point");
        v.member("x"), v.signed_int(16, 3);
        v.member(""), v.begin_struct(std::nullopt);
        v.member("raw"), v.unsigned_int(64, 0);
        v.end_struct(), v.end_struct();
      },
      R"({"kind":"struct","type_name":"point","members":[{"name":"x","value":{"kind":"int","bits":16,"value":3}},)"
      R"({"name":"","value":{"kind":"struct","type_name":null,"members":[)"
      R"({"name":"raw","value":{"kind":"uint","bits":64,"value":0}}]}}]})");
  expect_json([](V& v) { v.begin_struct("empty"), v.end_struct(); },
              R"({"kind":"struct","type_name":"empty","members":[]})");
}

TEST(JsonValue, Arrays) {
  expect_json([](V& v) { v.begin_array(5000), v.unsigned_int(8, 1), v.end_array(); },
              R"({"kind":"array","len":5000,"elements":[{"kind":"uint","bits":8,"value":1}]})");
  expect_json([](V& v) { v.begin_array(0), v.end_array(); }, R"({"kind":"array","len":0,"elements":[]})");
}

TEST(JsonValue, WhatIsLeftOutOfAnArray) {
  const auto cut = [](btf::LeftOut rest) {
    return [=](V& v) {
      v.begin_array(2), v.begin_text(9), v.unsigned_int(8, 1), v.left_out(rest), v.end_array(),
          v.boolean(true);
      v.end_array();
    };
  };
  const std::string head = R"({"kind":"array","len":2,"elements":[{"kind":"array","len":9,)"
                           R"("elements":[{"kind":"uint","bits":8,"value":1}],"left_out":)",
                    tail = R"(,"is_text":true},{"kind":"bool","value":true}]})";
  expect_json(cut({.zero = true}), head + R"({"zero":true})" + tail);
  expect_json(cut({.not_zero = 5}), head + R"({"zero":false,"first_not_zero":5})" + tail);
  expect_json(cut({}), head + R"({"zero":false})" + tail);
}

TEST(JsonValue, NumbersThatNoKindHoldsAreBytesWithANumber) {
  const auto bytes = bytes_of({0, 60});
  expect_json([&](V& v) { v.wide_number({bytes, 65, "18446744073709551616", "", false}); },
              R"({"kind":"bytes","hex":"00 3c","bits":65,"value":"18446744073709551616"})");
  expect_json(
      [&](V& v) { v.wide_number({bytes, 16, "1", "binary16", true}); },
      R"({"kind":"bytes","hex":"00 3c","bits":16,"value":"1","format":"binary16","format_is_guess":true})");
  expect_json([&](V& v) { v.wide_number({bytes, 16, "", "binary16 or bfloat16", false}); },
              R"({"kind":"bytes","hex":"00 3c","bits":16,"format":"binary16 or bfloat16"})");
}

TEST(JsonValue, BytesAndText) {
  expect_json([](V& v) { v.bytes(bytes_of({0, 255})); }, R"({"kind":"bytes","hex":"00 ff"})");
  expect_json([](V& v) { v.bytes({}); }, R"({"kind":"bytes","hex":""})");
  expect_json([](V& v) { v.text("queue full\\x00idle\\x00"); },
              R"({"kind":"bytes","hex":"queue full\\x00idle\\x00"})");
  expect_json([](V& v) { v.cpu_list("0-3,8,10-11"); }, R"({"kind":"cpu_list","cpus":"0-3,8,10-11"})");
  expect_json([](V& v) { v.unsupported("declaration without a body"); },
              R"({"kind":"unsupported","reason":"declaration without a body"})");
}

TEST(JsonValue, BytesThatFillManyBlocks) {
  const std::vector<std::byte> many(300'000, std::byte{0xab});
  const std::string hex = parsed(json_of([&](V& v) { v.bytes(many); }))["hex"].GetString();
  ASSERT_EQ(hex.size(), many.size() * 3 - 1);
  for (std::size_t i = 0; i < hex.size(); ++i) ASSERT_EQ(hex[i], "ab "[i % 3]) << i;
}

TEST(JsonValue, Truncated) {
  expect_json([](V& v) { v.begin_truncated(4, 2), v.bytes(bytes_of({0x12, 0x34})), v.end_truncated(); },
              R"({"kind":"truncated","needed":4,"had":2,"partial":{"kind":"bytes","hex":"12 34"}})");
  expect_json(
      [](V& v) {
        v.begin_truncated(16, 9), v.begin_struct("pair");
        v.member("a"), v.unsigned_int(64, 1);
        v.member("b"), v.begin_truncated(8, 1), v.begin_truncated(8, 1), v.bytes(bytes_of({0x7f}));
        v.end_truncated(), v.end_truncated(), v.end_struct(), v.end_truncated();
      },
      R"({"kind":"truncated","needed":16,"had":9,"partial":{"kind":"struct","type_name":"pair","members":[)"
      R"({"name":"a","value":{"kind":"uint","bits":64,"value":1}},)"
      R"({"name":"b","value":{"kind":"truncated","needed":8,"had":1,"partial":)"
      R"({"kind":"truncated","needed":8,"had":1,"partial":{"kind":"bytes","hex":"7f"}}}}]}})");
}

/// A name in quotes as the report has it.
std::string spelled(const std::string& name) {
  Kept kept;
  JsonText out(kept, false, false);
  out.string(name), out.flush();
  return kept.text;
}

TEST(JsonText, Strings) {
  EXPECT_EQ(spelled("plain"), "\"plain\"");
  EXPECT_EQ(spelled("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(spelled(std::string("\0\n\x1b\x1f\x7f", 5)), "\"\\u0000\\u000a\\u001b\\u001f\x7f\"");
  EXPECT_EQ(spelled("\xc3\xa4\xe2\x82\xac"), "\"\xc3\xa4\xe2\x82\xac\"");
  EXPECT_EQ(spelled("a\xff"
                    "b\xc3"),
            "\"a\xef\xbf\xbd"
            "b\xef\xbf\xbd\"");
  EXPECT_EQ(spelled("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); // a surrogate
}

TEST(JsonText, EveryByteReadsBack) {
  for (int c = 0; c < 0x80; ++c) {
    const std::string name(3, static_cast<char>(c));
    const auto read = parsed(spelled(name));
    EXPECT_EQ(std::string(read.GetString(), read.GetStringLength()), name);
  }
}

TEST(JsonText, StringsLongerThanItsBuffer) {
  const std::string name(1'000'000, 'x');
  EXPECT_EQ(parsed(spelled(name)).GetString(), name);
  EXPECT_EQ(parsed(spelled(name + '\n')).GetString(), name + '\n');
}

/// As deep as a decoder goes with its limit of 32, with everything that can stand around a level.
TEST(JsonText, TheDeepestValueIsWellFormed) {
  const Events deep = [](V& v) {
    for (int i = 0; i < 32; ++i)
      v.begin_truncated(2, 1), v.begin_struct("s"), v.member("a"), v.signed_int(8, 0), v.member("m");
    v.signed_int(8, 1);
    for (int i = 0; i < 32; ++i) v.member("z"), v.boolean(true), v.end_struct(), v.end_truncated();
  };
  const auto compact = parsed(json_of(deep));
  EXPECT_TRUE(compact == parsed(json_of(deep, true)));
  const rapidjson::Value* at = &compact;
  for (int i = 0; i < 32; ++i) {
    ASSERT_EQ((*at)["partial"]["members"].Size(), 3U);
    at = &(*at)["partial"]["members"][1]["value"];
  }
  EXPECT_EQ((*at)["value"].GetInt(), 1);
}

/// Levels beyond those it counts: no promise about commas, none of memory is broken.
TEST(JsonText, TheLimitOfLevels) {
  for (const int levels : {254, 255, 256, 1000}) {
    Kept kept;
    JsonText out(kept, false, false);
    for (int i = 0; i < levels; ++i) out.begin_array();
    for (int i = 0; i < levels; ++i) out.end_array();
    out.flush();
    EXPECT_EQ(kept.text, std::string(static_cast<std::size_t>(levels), '[') +
                             std::string(static_cast<std::size_t>(levels), ']'));
  }
}

} // namespace
} // namespace mapscope::report
