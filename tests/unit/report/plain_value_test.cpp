// SPDX-License-Identifier: Apache-2.0
// Values in plain form as they come, against the plain form of the report's own JSON (host/plain), and what
// is kept apart.
#include "host/plain/value.hpp"
#include "host/report/plain_value.hpp"
#include "report_text.hpp"

#include <cmath>
#include <fmt/format.h>

namespace mapscope::report {
namespace {

using V = btf::ValueVisitor;

struct Plain {
  std::string text, links, gaps;
};

Plain plain_of(const Events& events, bool big_as_strings = false) {
  Kept kept;
  JsonText out(kept, false, big_as_strings);
  PlainValue value(big_as_strings);
  value.begin(out, "value");
  events(value);
  out.flush();
  return {kept.text, value.links(), value.gaps()};
}

/// One rule for both: what `get` prints of a report is what a line has.
void expect_plain(const Events& events, const std::string& text) {
  EXPECT_EQ(plain_of(events).text, text);
  rapidjson::Document memory;
  const auto of_report = plain::plain(parsed(json_of(events)), memory.GetAllocator());
  EXPECT_TRUE(parsed(text) == of_report) << text << " but " << plain::json_text(of_report, false);
}

void letters(V& v, std::string_view text, std::size_t length, bool is_signed = true) {
  v.begin_text(length);
  for (std::size_t i = 0; i < length; ++i) {
    const char c = i < text.size() ? text[i] : '\0';
    if (is_signed)
      v.signed_int(8, c);
    else
      v.unsigned_int(8, static_cast<std::uint8_t>(c));
  }
  v.end_array();
}

TEST(PlainValue, Scalars) {
  expect_plain([](V& v) { v.signed_int(32, -5); }, "-5");
  expect_plain([](V& v) { v.unsigned_int(64, ~0ULL); }, "18446744073709551615");
  expect_plain([](V& v) { v.boolean(true); }, "true");
  expect_plain([](V& v) { v.character('A'); }, R"("A")");
  expect_plain([](V& v) { v.character('"'); }, R"("\"")");
  expect_plain([](V& v) { v.character(200); }, "200");
  expect_plain([](V& v) { v.real(64, 0.5); }, "0.5");
  expect_plain([](V& v) { v.real(64, std::nan("")); }, "null");
  expect_plain([](V& v) { v.enumeration(32, 2, "DRAIN", false); }, R"("DRAIN")");
  expect_plain([](V& v) { v.enumeration(32, -9, std::nullopt, true); }, "-9");
  expect_plain([](V& v) { v.enumeration(64, -1, std::nullopt, false); }, "18446744073709551615");
  expect_plain([](V& v) { v.pointer(0xffff888000000000); }, R"("0xffff888000000000")");
  expect_plain([](V& v) { v.pointer(0); }, R"("0x0")");
  expect_plain([](V& v) { v.cpu_list("0-3,8"); }, R"("0-3,8")");
  const auto bytes = bytes_of({0xde, 0xad});
  expect_plain([&](V& v) { v.bytes(bytes); }, R"("de ad")");
  expect_plain([](V& v) { v.text(R"(a\x00b)"); }, R"("a\\x00b")");
  expect_plain([&](V& v) { v.wide_number({bytes, 65, "36893488147419103232", "", false}); },
               R"("36893488147419103232")");
  expect_plain([&](V& v) { v.wide_number({bytes, 16, "", "binary16", false}); }, R"("de ad")");
}

TEST(PlainValue, BigNumbersAsStrings) {
  EXPECT_EQ(plain_of([](V& v) { v.unsigned_int(64, 1ULL << 53); }, true).text, "9007199254740992");
  EXPECT_EQ(plain_of([](V& v) { v.unsigned_int(64, (1ULL << 53) + 1); }, true).text, R"("9007199254740993")");
}

TEST(PlainValue, MembersOfUnnamedStructsAreThoseOfTheirParent) {
  expect_plain(
      [](V& v) {
        v.begin_struct("s");
        v.member("a"), v.signed_int(32, 1);
        v.member(""), v.begin_struct(std::nullopt);
        v.member("b"), v.signed_int(32, 2);
        v.member(""), v.begin_struct(std::nullopt);
        v.member("c"), v.begin_struct("t"), v.end_struct();
        v.end_struct(), v.end_struct();
        v.member(""), v.unsigned_int(5, 3); // a bit field without a name
        v.end_struct();
      },
      R"({"a":1,"b":2,"c":{},"":3})");
}

TEST(PlainValue, NoTwoMembersAreCalledAlike) {
  expect_plain(
      [](V& v) {
        v.begin_struct("s");
        v.member("a"), v.signed_int(32, 1);
        v.member(""), v.begin_struct(std::nullopt);
        v.member("a"), v.begin_array(1), v.signed_int(32, 2), v.end_array();
        v.member("a#2"), v.boolean(true);
        v.end_struct();
        v.fact("a", std::uint64_t{4});
        v.end_struct();
      },
      R"({"a":1,"a#2":[2],"a#2#2":true,"a#3":4})");
  std::string all = "{";
  for (int i = 0; i < 200; ++i)
    all += fmt::format("{}\"m{}{}\":{}", i == 0 ? "" : ",", i / 2, i % 2 == 0 ? "" : "#2", i);
  expect_plain(
      [](V& v) {
        v.begin_struct("hostile");
        std::vector<std::string> names; // must live as long as the struct is open
        for (int i = 0; i < 100; ++i) names.push_back(fmt::format("m{}", i));
        for (int i = 0; i < 200; ++i) v.member(names[static_cast<std::size_t>(i / 2)]), v.signed_int(32, i);
        v.end_struct();
      },
      all + "}");
}

TEST(PlainValue, ArraysAreListsOrText) {
  expect_plain([](V& v) { letters(v, "idle", 16); }, R"("idle")");
  expect_plain([](V& v) { letters(v, "idle", 16, false); }, R"("idle")");
  expect_plain([](V& v) { letters(v, "ab", 2); }, R"("ab")");
  expect_plain([](V& v) { letters(v, "", 3); }, R"("")");
  expect_plain([](V& v) { letters(v, "", 3, false); }, "[0,0,0]");
  expect_plain([](V& v) { letters(v, "ab", 4, false); }, "[97,98,0,0]");
  expect_plain([](V& v) { letters(v, "a\x01", 3); }, "[97,1,0]");
  expect_plain([](V& v) { letters(v, std::string_view("a\0b", 3), 4); }, "[97,0,98,0]");
  expect_plain([](V& v) { v.begin_array(0), v.end_array(); }, "[]");
  expect_plain([](V& v) { v.begin_array(2), v.character('a'), v.character(200), v.end_array(); },
               R"(["a",200])");
  expect_plain([](V& v) { v.begin_array(2), letters(v, "one", 4), letters(v, "two", 4), v.end_array(); },
               R"(["one","two"])");
  expect_plain([](V& v) { v.begin_array(2), v.signed_int(16, 97), v.signed_int(16, 0), v.end_array(); },
               "[97,0]");
}

TEST(PlainValue, FactsStandAmongTheMembers) {
  expect_plain(
      [](V& v) {
        v.begin_struct("bpf_timer");
        v.member("__opaque"), v.begin_array(1), v.unsigned_int(64, 5), v.end_array();
        v.fact("armed", true), v.fact("expires_in_ns", std::int64_t{-3}),
            v.fact("callback", std::string_view("tick"));
        v.begin_values("items"), v.null(), v.signed_int(32, 1), v.end_values();
        v.end_struct();
      },
      R"({"__opaque":[5],"armed":true,"expires_in_ns":-3,"callback":"tick","items":[null,1]})");
}

TEST(PlainValue, WherePointersLeadIsKeptApart) {
  const Events events = [](V& v) {
    v.begin_struct("s");
    v.member("list"), v.begin_array(2);
    v.pointer(1);
    v.begin_pointer(0x1000), v.deref();
    v.begin_struct("task");
    v.member("pid"), v.signed_int(32, 7);
    v.member("next"), v.begin_pointer(0x2000);
    v.fact("deref_skipped_reason", std::string_view("not mapped"));
    v.end_pointer();
    v.end_struct(), v.end_pointer(), v.end_array();
    v.member("n"), v.begin_cast(0x3000, {"arena", "struct x", "its stores", 9}), v.deref(), v.boolean(true),
        v.end_cast();
    v.member("bare"), v.begin_pointer(4), v.end_pointer();
    v.end_struct();
  };
  const std::string text = R"({"list":["0x1","0x1000"],"n":12288,"bare":"0x4"})";
  expect_plain(events, text);
  EXPECT_EQ(
      plain_of(events).links,
      R"({"path":"value.list[1].next","address":"0x2000","deref_skipped_reason":"not mapped"},)"
      R"({"path":"value.list[1]","address":"0x1000","deref":{"pid":7,"next":"0x2000"}},)"
      R"({"path":"value.n","address":"0x3000","cast":{"space":"arena","type":"struct x","why":"its stores","values":9},"deref":true})");
}

TEST(PlainValue, WhereAPointerLeadsMayBeLong) {
  constexpr int count = 20'000; // more than any buffer holds
  const auto plain = plain_of([](V& v) {
    v.begin_pointer(1), v.deref(), v.begin_array(count);
    for (int i = 0; i < count; ++i) v.signed_int(32, i);
    v.end_array(), v.end_pointer();
  });
  EXPECT_EQ(parsed(plain.links)["deref"].Size(), unsigned{count});
}

TEST(PlainValue, WhatIsMissingIsKeptApart) {
  const auto bytes = bytes_of({7});
  const Events events = [&](V& v) {
    v.begin_struct("s");
    v.member("a"), v.begin_array(9), v.unsigned_int(32, 1), v.left_out({.not_zero = 4}), v.end_array();
    v.member("b"), v.unsupported("a declaration");
    v.member("c"), v.begin_array(2), v.unsigned_int(8, 65);
    v.begin_truncated(4, 1), v.bytes(bytes), v.end_truncated(), v.end_array();
    v.member(""), v.begin_truncated(4, 0), v.begin_struct(std::nullopt), v.end_struct(), v.end_truncated();
    v.end_struct();
  };
  expect_plain(events, R"({"a":[1],"b":null,"c":[65,"07"],"":{}})");
  EXPECT_EQ(
      plain_of(events).gaps,
      R"({"path":"value.a","left_out":{"zero":false,"first_not_zero":4}},{"path":"value.b","reason":"a declaration"},)"
      R"({"path":"value.c[1]","needed":4,"had":1},{"path":"value","needed":4,"had":0})");
}

} // namespace
} // namespace mapscope::report
