// SPDX-License-Identifier: Apache-2.0
// bpftool's form of values and maps, piece by piece; a guest test compares all with bpftool itself.
#include "host/report/bpftool_value.hpp"
#include "report_text.hpp"

#include <fmt/format.h>

namespace mapscope::report {
namespace {

using V = btf::ValueVisitor;

void expect_value(const Events& events, const std::string& text) {
  Kept kept;
  JsonText out(kept, false, false);
  BpftoolValue value(out);
  events(value);
  out.flush();
  EXPECT_EQ(kept.text, text);
  (void)parsed(kept.text);
}

TEST(BpftoolValue, Numbers) {
  expect_value([](V& v) { v.signed_int(32, -5); }, "-5");
  expect_value([](V& v) { v.unsigned_int(64, ~0ULL); }, "18446744073709551615");
  expect_value([](V& v) { v.unsigned_int(24, 0x10203); }, R"("0x10203")");
  expect_value([](V& v) { v.bit_field(), v.signed_int(8, -1); }, R"("0xff")");
  expect_value([](V& v) { v.bit_field(), v.unsigned_int(3, 5); }, R"("0x5")");
  expect_value([](V& v) { v.boolean(true); }, "true");
  expect_value([](V& v) { v.pointer(~0ULL); }, "18446744073709551615");
  const auto wide = bytes_of({1, 0, 0, 0, 0, 0, 0, 0, 0xff, 1, 0, 0, 0, 0, 0, 0});
  expect_value([&](V& v) { v.wide_number({wide, 128, "x", "", false}); }, R"("0x1ff0000000000000001")");
  expect_value([&](V& v) { v.wide_number({wide, 65, "x", "", false}); }, R"("0x10000000000000001")");
}

TEST(BpftoolValue, Enums) {
  expect_value([](V& v) { v.enumeration(32, 2, "TWO", false); }, R"("TWO")");
  expect_value([](V& v) { v.enumeration(32, 0xfffffffe, std::nullopt, false); }, "-2");
  expect_value([](V& v) { v.enumeration(8, 200, "WIDE", false); }, "-56"); // as it reads it
  expect_value([](V& v) { v.bit_field(), v.enumeration(4, 2, "TWO", false); }, R"("0x2")");
}

/// As a damaged report has them: no array of C holds both.
TEST(BpftoolValue, StructsBehindATextsZeroAreNotShown) {
  expect_value(
      [](V& v) {
        v.begin_text(3), v.signed_int(8, 'a'), v.signed_int(8, 0);
        v.begin_struct("s"), v.member("x"), v.begin_array(1), v.signed_int(8, 1), v.end_array();
        v.member("t"), v.begin_text(1), v.signed_int(8, 'b'), v.end_array(), v.end_struct();
        v.end_array();
      },
      R"("a")");
}

TEST(BpftoolValue, CharactersAreATextWithItsZero) {
  const auto letters = [](std::string_view text, std::size_t length) {
    return [=](V& v) {
      v.begin_text(length);
      for (std::size_t i = 0; i < length; ++i) v.signed_int(8, i < text.size() ? text[i] : 0);
      v.end_array();
    };
  };
  expect_value(letters("idle", 8), R"("idle")");
  expect_value(letters("", 2), R"("")");
  expect_value(letters("ab", 2), "[97,98]");
  expect_value(letters("a\x01", 4), "[97,1,0,0]");
  expect_value(letters(std::string_view("a\0\x01", 3), 3), R"("a")");
  expect_value(letters("\"'\\", 4), R"("\"'\\")"); // of which bpftool makes no JSON, or other characters
  expect_value([](V& v) { v.begin_array(2), v.character('a'), v.character(200), v.end_array(); },
               R"(["a","\u00c8"])");
}

TEST(BpftoolValue, Structs) {
  expect_value(
      [](V& v) {
        v.begin_struct("s");
        v.member(""), v.begin_struct(std::nullopt), v.member("a"), v.boolean(false), v.end_struct();
        v.member("p"), v.begin_pointer(5), v.deref(), v.begin_struct("t"), v.member("x"), v.boolean(true),
            v.end_struct(), v.end_pointer();
        v.fact("armed", true), v.begin_values("items"), v.boolean(true), v.end_values();
        v.end_struct();
      },
      R"({"":{"a":false},"p":5})");
}

TEST(BpftoolValue, SectionsAreListsOfVariables) {
  expect_value(
      [](V& v) {
        v.begin_struct(".bss");
        v.member("a"), v.begin_struct("s"), v.member("x"), v.signed_int(32, 1), v.end_struct();
        v.member("b"), v.signed_int(32, 2);
        v.end_struct();
      },
      R"({".bss":[{"a":{"x":1}},{"b":2}]})");
  expect_value([](V& v) { v.begin_struct(".bss"), v.end_struct(); }, R"({".bss":[]})");
}

Row entry(const Typed& key, const Typed& value) {
  Row row;
  row.key = key, row.value = value;
  return row;
}

catalog::Map typed_map() {
  auto map = a_map();
  map.value_type = 1;
  return map;
}

TEST(Bpftool, ElementsWithAndWithoutTypes) {
  const auto bytes = bytes_of({0, 0xff});
  const Says one([](V& v) { v.signed_int(32, 1); });
  const Typed typed{&one, bytes}, untyped{nullptr, bytes};
  EXPECT_EQ(map_text(Format::bpftool, a_map(), {entry(untyped, untyped)}),
            R"({"id":7,"elements":[{"key":["0x00","0xff"],"value":["0x00","0xff"]}]})"
            "\n");
  EXPECT_EQ(map_text(Format::bpftool, typed_map(), {entry(typed, typed)}, {}, {.one_map = true}),
            R"([{"key":["0x00","0xff"],"value":["0x00","0xff"],"formatted":{"key":1,"value":1}}])"
            "\n");
  auto told = typed_map(); // types that the kernel does not have
  told.types_from = ".maps";
  EXPECT_EQ(map_text(Format::bpftool, told, {entry(typed, typed)}, {}, {.one_map = true}),
            R"([{"key":["0x00","0xff"],"value":["0x00","0xff"]}])"
            "\n");
}

TEST(Bpftool, Copies) {
  const auto bytes = bytes_of({1});
  const Says one([](V& v) { v.signed_int(32, 1); });
  const std::vector<std::optional<Typed>> copies = {Typed{&one, bytes}, Typed{&one, bytes}};
  Row row = entry({}, {});
  row.shape = Shape::percpu_element, row.index = 2, row.copies = copies;
  EXPECT_EQ(
      map_text(Format::bpftool, typed_map(), {row}, {}, {.one_map = true}),
      R"([{"key":["0x02","0x00","0x00","0x00"],"values":[{"cpu":0,"value":["0x01"]},{"cpu":1,"value":["0x01"]}],)"
      R"("formatted":{"values":[{"cpu":0,"value":1},{"cpu":1,"value":1}]}}])"
      "\n");
}

TEST(Bpftool, References) {
  const auto slots_of = [](const char* type, std::uint32_t value_size, const std::vector<Field>& slot) {
    Kept kept;
    const auto writer = make_map_writer(Format::bpftool, {.one_map = true}, kept);
    auto map = a_map(type, 3);
    map.value_size = value_size;
    writer->begin(map);
    const auto step = [&](FieldKind kind, std::string_view name) {
      Field field;
      field.kind = kind, field.name = name;
      writer->field(field);
    };
    step(FieldKind::object, "fd_array"), step(FieldKind::list, "slots"), step(FieldKind::object, "");
    for (const Field& field : slot) writer->field(field);
    step(FieldKind::end, ""), step(FieldKind::end, ""), step(FieldKind::end, "");
    writer->end({});
    (void)parsed(kept.text);
    return kept.text;
  };
  Field index, id;
  index.kind = id.kind = FieldKind::number;
  index.name = "index", index.number = 1;
  id.name = "id", id.number = 0x105;
  const auto key = [](int number) {
    return fmt::format(R"({{"key":["0x0{}","0x00","0x00","0x00"],"value":)", number);
  };
  EXPECT_EQ(slots_of("prog_array", 4, {index, id}),
            "[" + key(1) + R"(["0x05","0x01","0x00","0x00"]}])" + "\n");
  const std::string error = R"({"error":"Unknown error 524"}})";
  EXPECT_EQ(slots_of("cgroup_array", 4, {index, id}),
            "[" + key(0) + error + "," + key(1) + error + "," + key(2) + error + "]\n");
  const std::string none = R"({"error":"No such file or directory"}})";
  EXPECT_EQ(slots_of("sockmap", 8, {index}), "[" + key(0) + none + "," + key(1) +
                                                 R"({"error":"not in the report"}})" + "," + key(2) + none +
                                                 "]\n");
}

TEST(Bpftool, WhatItDoesNotWalkIsEmpty) {
  const auto bytes = bytes_of({1});
  Row row = entry({}, {nullptr, bytes});
  row.shape = Shape::queued;
  EXPECT_EQ(map_text(Format::bpftool, a_map("queue"), {row}, {}, {.one_map = true}), "[]\n");
}

} // namespace
} // namespace mapscope::report
