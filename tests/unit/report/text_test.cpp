// SPDX-License-Identifier: Apache-2.0
// The text form: values on one line and on several, tables, what is hidden, what a terminal is spared.
#include "report_text.hpp"

#include <fmt/format.h>

namespace mapscope::report {
namespace {

using V = btf::ValueVisitor;
using testing::HasSubstr;

std::string line(const Events& events) {
  TextTree tree;
  events(tree);
  return tree.one_line();
}

std::string lines(const Events& events, unsigned width) {
  TextTree tree;
  events(tree);
  return tree.lines(width, 0, 0);
}

Events members(std::vector<std::pair<const char*, std::int64_t>> values) {
  return [=](V& v) {
    v.begin_struct("s");
    for (const auto& [name, value] : values) v.member(name), v.signed_int(32, value);
    v.end_struct();
  };
}

Events array(std::vector<int> values, std::uint32_t bits = 32) {
  return [=](V& v) {
    v.begin_array(values.size());
    for (const int value : values) v.unsigned_int(bits, static_cast<std::uint64_t>(value));
    v.end_array();
  };
}

/// `length` as declared; 0: that of the text.
Events text_array(const std::string& text, std::uint64_t length = 0, std::optional<btf::LeftOut> rest = {}) {
  return [=](V& v) {
    v.begin_text(length == 0 ? text.size() : length);
    for (const char c : text) v.unsigned_int(8, static_cast<unsigned char>(c));
    if (rest) v.left_out(*rest);
    v.end_array();
  };
}

/// Of `length` elements the first are shown.
Events cut_array(std::vector<int> values, std::uint64_t length, btf::LeftOut rest) {
  return [=](V& v) {
    v.begin_array(length);
    for (const int value : values) v.unsigned_int(32, static_cast<std::uint64_t>(value));
    v.left_out(rest);
    v.end_array();
  };
}

Events list_of(const std::vector<Events>& elements) {
  return [=](V& v) {
    v.begin_array(elements.size());
    for (const auto& element : elements) element(v);
    v.end_array();
  };
}

TEST(TextValue, Scalars) {
  EXPECT_EQ(line([](V& v) { v.signed_int(32, -5); }), "-5");
  EXPECT_EQ(line([](V& v) { v.unsigned_int(64, ~0ULL); }), "18446744073709551615");
  EXPECT_EQ(line([](V& v) { v.boolean(true); }), "true");
  EXPECT_EQ(line([](V& v) { v.character('A'); }), "'A'");
  EXPECT_EQ(line([](V& v) { v.character(7); }), "0x07");
  EXPECT_EQ(line([](V& v) { v.enumeration(32, 2, "RUN", true); }), "RUN (2)");
  EXPECT_EQ(line([](V& v) { v.enumeration(64, -1, std::nullopt, false); }), "18446744073709551615");
  EXPECT_EQ(line([](V& v) { v.pointer(0xffff888100000000); }), "0xffff888100000000");
  EXPECT_EQ(line([](V& v) { v.cpu_list("0-3,8"); }), "cpus={0-3,8}");
  EXPECT_EQ(line([](V& v) { v.bytes(bytes_of({0xde, 0xad})); }), "de ad");
  EXPECT_EQ(line([](V& v) { v.unsupported("why"); }), "<unsupported: why>");
  EXPECT_EQ(line([](V& v) { v.real(32, 0.1F); }), "0.1");
  EXPECT_EQ(line([](V& v) { v.begin_truncated(4, 2), v.bytes(bytes_of({1})), v.end_truncated(); }),
            "<truncated needed=4 had=2> 01");
}

TEST(TextValue, PointersLeadSomewhereOrSayWhyNot) {
  const auto pointer = [](const Events& inside) {
    return [=](V& v) { v.begin_pointer(0x1000), inside(v), v.end_pointer(); };
  };
  EXPECT_EQ(line(pointer([](V& v) { v.deref(), v.signed_int(32, 0); })), "0x1000 -> 0");
  EXPECT_EQ(line(pointer([](V& v) { v.fact("deref_skipped_reason", std::string_view("cycle to 0x1000")); })),
            "0x1000 [cycle]");
  EXPECT_EQ(line(pointer([](V& v) { v.fact("deref_skipped_reason", std::string_view("no\033luck")); })),
            "0x1000 [no\\x1bluck]");
}

TEST(TextValue, ZeroIsHiddenInsideStructs) {
  EXPECT_EQ(line(members({{"a", 1}, {"b", 0}, {"c", 3}})), "s{a=1, c=3}");
  EXPECT_EQ(line(members({{"a", 0}})), "s{}");
  EXPECT_EQ(line([](V& v) {
              v.begin_struct(std::nullopt);
              v.member("inner"), members({{"x", 0}})(v);
              v.member("list"), array({0, 0})(v);
              v.member(""), members({{"y", 1}})(v);
              v.member("cut"), v.begin_truncated(4, 0), v.unsigned_int(8, 0), v.end_truncated();
              v.end_struct();
            }),
            "{s{y=1}, cut=<truncated needed=4 had=0> 0}");
}

TEST(TextValue, ZeroIsShownWhereItHasAPlaceOfItsOwn) {
  TextTree tree;
  tree.begin_struct(std::nullopt);
  tree.member("type"), tree.enumeration(32, 0, "INGRESS", false), tree.keep_zero();
  tree.member("empty"), members({{"x", 0}})(tree), tree.keep_zero();
  tree.end_struct();
  EXPECT_EQ(tree.one_line(), "{type=INGRESS (0)}");
}

TEST(TextValue, QuotedStrings) {
  EXPECT_EQ(line(text_array(std::string("comm\0\0", 6))), "\"comm\"");
  EXPECT_EQ(line(text_array("a\"b\\c\n\t")), "\"a\\\"b\\\\c\\n\\t\"");
  EXPECT_EQ(line(text_array(std::string("a\0rest", 6))), "\"a\"");
  EXPECT_EQ(line(text_array("a\033[2J")), "\"a\\x1b[2J\"");
  EXPECT_EQ(line(text_array("x")), "\"x\"");
  EXPECT_EQ(line(array({65, 66}, 8)), "[65, 66]") << "bytes are numbers, whatever they spell";
  EXPECT_EQ(line(text_array(std::string(4, '\0'))), "\"\"");
  EXPECT_EQ(line(text_array("Zürich")), "\"Zürich\"");
  EXPECT_EQ(line(text_array("a\xff\xc3")), "\"a\\xff\\xc3\"") << "what is no UTF-8 is not lost";
  EXPECT_EQ(line(text_array("\xc2\x9b")), "\"\\xc2\\x9b\"");
}

TEST(TextValue, WhatLiesBehindTheEndOfATextIsNoPartOfIt) {
  EXPECT_EQ(line(text_array(std::string("bash\0\x01\xff", 7))), "\"bash\"");
  const auto member = [](const Events& text) {
    return [=](V& v) { v.begin_struct("s"), v.member("comm"), text(v), v.end_struct(); };
  };
  EXPECT_EQ(line(member(text_array(std::string(4, '\0')))), "s{}");
  EXPECT_EQ(line(member(text_array(std::string("\0old", 4)))), "s{comm=\"\"}") << "it is not all zero";
  const Events one = text_array(std::string("a\0b", 3)), other = text_array(std::string("a\0c", 3));
  EXPECT_EQ(line(list_of({one, one, one, other})), "[\"a\", \"a\", \"a\", \"a\"]");
}

TEST(TextValue, ATextThatIsCutSaysSo) {
  EXPECT_EQ(line(text_array("long te", 512, btf::LeftOut{.not_zero = 7})),
            "\"long te\" ... 7 of 512 shown, [7] is not zero");
  EXPECT_EQ(line(text_array("whole", 512, btf::LeftOut{.zero = true})), "\"whole\"");
  EXPECT_EQ(line([](V& v) {
              v.begin_text(9), v.unsigned_int(8, 'a'), v.begin_truncated(1, 0), v.bytes({}),
                  v.end_truncated();
              v.end_array();
            }),
            "\"a\" <truncated needed=1 had=0>  ... 2 of 9 shown");
}

TEST(TextValue, WhatIsLeftOutOfAnArrayIsNotTakenForZero) {
  EXPECT_EQ(line(cut_array({0, 0, 0}, 512, {.not_zero = 300})),
            "[[0..2]=0, ... 3 of 512 shown, [300] is not zero]");
  EXPECT_EQ(line(cut_array({0, 0, 0}, 512, {.zero = true})), "[all 512 zero]");
  EXPECT_EQ(line(cut_array({1, 2}, 512, {.zero = true})), "[1, 2, ... [2..511] zero]");
  EXPECT_EQ(line(cut_array({1, 2}, 3, {.zero = true})), "[1, 2, ... [2] zero]");
  EXPECT_EQ(line(cut_array({0, 0}, 512, {})), "[0, 0, ... 2 of 512 shown]")
      << "it is not there to be looked at";
  const auto member = [](const Events& list) {
    return [=](V& v) { v.begin_struct("s"), v.member("hist"), list(v), v.end_struct(); };
  };
  EXPECT_EQ(line(member(cut_array({0, 0}, 9, {.not_zero = 8}))),
            "s{hist=[0, 0, ... 2 of 9 shown, [8] is not zero]}");
  EXPECT_EQ(line(member(cut_array({0, 0}, 9, {.zero = true}))), "s{}");
  EXPECT_EQ(lines(cut_array({1, 2}, 9, {.not_zero = 8}), 9),
            "\n  [0] 1\n  [1] 2\n  ... 2 of 9 shown, [8] is not zero");
}

TEST(TextValue, WhatIsCutEqualsNothing) {
  const Events cut = cut_array({1}, 9, {.not_zero = 8}), whole = cut_array({1}, 9, {.zero = true});
  EXPECT_EQ(line(list_of({cut, cut, cut})),
            "[[1, ... 1 of 9 shown, [8] is not zero], [1, ... 1 of 9 shown, [8] is "
            "not zero], [1, ... 1 of 9 shown, [8] is not zero]]");
  EXPECT_EQ(line(list_of({whole, whole, whole})), "[[0..2]=[1, ... [1..8] zero]]");
  const auto held = [](const Events& inside) {
    return [=](V& v) { v.begin_struct("s"), v.member("m"), inside(v), v.end_struct(); };
  };
  const Events deep = held([](V& v) { v.unsupported("nested 32 deep, not shown"); });
  EXPECT_THAT(line(list_of({deep, deep, deep})), testing::Not(HasSubstr("[0..2]")));
  const Events bytes = held([](V& v) { v.bytes(std::vector<std::byte>(257)); });
  EXPECT_THAT(line(list_of({bytes, bytes, bytes})), testing::Not(HasSubstr("[0..2]")));
}

/// The budget of values ends lists without a word but the first.
TEST(TextValue, AListThatEndsEarlyIsNotZero) {
  const auto spent = [](V& v) {
    v.begin_array(3), v.unsigned_int(8, 0), v.unsupported("more than 3 values"), v.end_array();
  };
  EXPECT_EQ(line(spent), "[0, <unsupported: more than 3 values>, ... 1 of 3 shown]");
  EXPECT_EQ(line([](V& v) { v.begin_array(3), v.unsigned_int(8, 0), v.end_array(); }),
            "[0, ... 1 of 3 shown]");
  EXPECT_EQ(line([](V& v) { v.real(64, -0.0); }), "-0");
  EXPECT_EQ(line([](V& v) { v.begin_struct("s"), v.member("a"), v.real(64, -0.0), v.end_struct(); }),
            "s{a=-0}");
}

TEST(TextValue, WideNumbers) {
  const auto bytes = bytes_of({0, 60}), zero = bytes_of({0, 0});
  EXPECT_EQ(line([&](V& v) { v.wide_number({bytes, 128, "-5", "", false}); }), "-5");
  EXPECT_EQ(line([&](V& v) { v.wide_number({bytes, 128, "0.5", "x87", true}); }), "0.5 (x87?)");
  EXPECT_EQ(line([&](V& v) { v.wide_number({bytes, 16, "", "binary16 or bfloat16", false}); }),
            "00 3c (binary16 or bfloat16)");
  EXPECT_EQ(line([&](V& v) {
              v.begin_struct("s"), v.member("w"), v.wide_number({zero, 128, "0", "", false}), v.end_struct();
            }),
            "s{}");
}

TEST(TextValue, RunsInArrays) {
  EXPECT_EQ(line(array({0, 0, 0})), "[all 3 zero]");
  EXPECT_EQ(line(array({1, 2, 3})), "[1, 2, 3]");
  EXPECT_EQ(line(array({7, 7})), "[7, 7]");
  EXPECT_EQ(line(array({7, 7, 7, 9})), "[[0..2]=7, [3]=9]");
  EXPECT_EQ(line(array({1, 0, 0, 0, 2})), "[1, [1..3]=0, [4]=2]");
  EXPECT_EQ(line([](V& v) { v.begin_array(5000), v.unsigned_int(32, 1), v.end_array(); }),
            "[1, ... 1 of 5000 shown]");
  EXPECT_EQ(line([](V& v) {
              v.begin_array(3);
              for (int i = 0; i < 3; ++i) members({{"a", 1}})(v);
              v.end_array();
            }),
            "[[0..2]=s{a=1}]");
}

TEST(TextValue, LinesWhereOneIsTooShort) {
  EXPECT_EQ(lines(members({{"first", 1}, {"second", 2}}), 80), "s{first=1, second=2}");
  EXPECT_EQ(lines(members({{"first", 1}, {"zero", 0}, {"second", 2}}), 10), "s:\n  first 1\n  second 2");
  EXPECT_EQ(lines(
                [](V& v) {
                  v.begin_struct("o");
                  v.member("in"), members({{"first", 1}, {"second", 2}})(v);
                  v.member(""), v.signed_int(32, 4);
                  v.end_struct();
                },
                12),
            "o:\n  in s:\n    first 1\n    second 2\n  <anon> 4");
  EXPECT_EQ(lines(array({5, 5, 0, 1000000}), 6), "\n  [0] 5\n  [1] 5\n  [2] 0\n  [3] 1000000");
  EXPECT_EQ(lines(array({5, 6, 7, 8}), 10), "\n  [0] 5, 6\n  [2] 7, 8");
  EXPECT_EQ(lines(array({9, 1, 1, 1, 1}), 12), "\n  [0] 9\n  [1..4]=1");
}

TEST(TextValue, BytesInRows) {
  const auto twenty = [](V& v) { v.bytes(std::vector<std::byte>(20, std::byte{0xab})); };
  std::string row = "ab";
  for (int i = 1; i < 16; ++i) row += " ab";
  EXPECT_EQ(lines(twenty, 40), "\n  0000  " + row + "\n  0010  ab ab ab ab");
  EXPECT_EQ(lines([&](V& v) { v.begin_truncated(99, 20), twenty(v), v.end_truncated(); }, 40),
            "<truncated needed=99 had=20> \n  0000  " + row + "\n  0010  ab ab ab ab");
  EXPECT_THAT(line([](V& v) { v.bytes(std::vector<std::byte>(300)); }),
              testing::EndsWith("00 00 ... 44 more bytes"));
}

Events withheld(std::uint64_t address) {
  return [=](V& v) {
    v.begin_pointer(address);
    v.fact("slot", fmt::format("slot {} of x", address));
    v.fact("deref_skipped_reason", std::string_view("not followed: report.inside is 1"));
    v.end_pointer();
  };
}

/// A list of a thousand pointers that a limit keeps from being followed is one line, not a thousand.
TEST(TextValue, PointersThatAreNotFollowedAreCounted) {
  const Events list = [](V& v) {
    v.begin_array(5);
    v.pointer(7);
    for (const std::uint64_t address : {1, 2, 3, 4}) withheld(address)(v);
    v.end_array();
  };
  EXPECT_EQ(line(list), "[0x7, [1..4]=4 pointers [not followed: report.inside is 1]]");
  EXPECT_EQ(lines(list, 20), "\n  [0] 0x7\n  [1..4] 4 pointers [not followed: report.inside is 1]");
  EXPECT_EQ(line(withheld(1)), "0x1 slot=slot 1 of x [not followed: report.inside is 1]");
}

TEST(TextValue, ListsHaveSoManyLines) {
  const auto cut = [](const Events& events, unsigned width) {
    TextTree tree(2);
    events(tree);
    return tree.lines(width, 0, 0);
  };
  EXPECT_EQ(cut(array({5, 6, 7, 8}), 10), "\n  [0] 5, 6\n  [2] 7, 8");
  EXPECT_EQ(cut(array({5, 6, 7, 8, 9}), 10), "\n  [0] 5, 6\n  [2] 7, 8\n  ... 4 of 5 shown (report.inside)");
  EXPECT_EQ(cut(array({5, 6, 7, 8, 9}), 80), "[5, 6, 7, 8, 9]") << "what fits a line is whole";
  const auto structs = [](unsigned count) {
    return [=](V& v) {
      v.begin_array(count);
      for (unsigned i = 0; i < count; ++i) members({{"first", i}, {"second", i}})(v);
      v.end_array();
    };
  };
  EXPECT_EQ(cut(structs(4), 30),
            "\n  [1] s{first=1, second=1}\n  [2] s{first=2, second=2}\n  ... 3 of 4 shown (report.inside)")
      << "what is zero takes no line";
}

TEST(TextValue, MemoryIsWhole) {
  EXPECT_THAT(line([](V& v) { static_cast<TextTree&>(v).memory(std::vector<std::byte>(300)); }),
              testing::Not(HasSubstr("more bytes")));
}

TEST(TextValue, TreesAreUsedAgain) {
  TextTree tree;
  members({{"a", 1}})(tree);
  tree.clear();
  EXPECT_TRUE(tree.empty());
  EXPECT_EQ(tree.one_line(), "");
  tree.bytes(bytes_of({1}));
  EXPECT_EQ(tree.one_line(), "01");
}

TEST(Printable, SparesTheTerminal) {
  EXPECT_EQ(printable("plain ä"), "plain ä");
  EXPECT_EQ(printable("a\033[2J\r\n\x7f"), "a\\x1b[2J\\x0d\\x0a\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J\xc2\x80\xc2\xa0"),
            "\\x9b2J\\x80\xc2\xa0"); // C1, and a no-break space
  EXPECT_EQ(printable("\x9b"
                      "2J"),
            "\xef\xbf\xbd"
            "2J");
}

const Says one([](V& v) { v.unsigned_int(32, 1); });
const std::vector<std::byte> bytes = bytes_of({1});

Typed value(const Says& says) { return {&says, bytes}; }
Row entry(const Says& key, const Says& is) { return {Shape::entry, value(key), 0, value(is), {}}; }

std::string text(const catalog::Map& map, const std::vector<Row>& rows, const Outcome& ends = {},
                 const Options& options = {}) {
  return map_text(Format::text, map, rows, ends, options);
}

const std::string head = "map 7 m  hash, key 4 B, value 8 B, max_entries 8";

TEST(TextMap, Header) {
  EXPECT_EQ(text(a_map(), {}), head + "\n\n");
  auto map = a_map();
  map.name = "", map.flag_names = {"A", "B"}, map.frozen = true, map.programs = {1, 2};
  EXPECT_EQ(text(map, {}), "map 7 (no name)  hash, key 4 B, value 8 B, max_entries 8, A|B, frozen, used by "
                           "programs 1 2\n\n");
  map = a_map(), map.full_name = "m_in_full", map.types_from = ".maps";
  EXPECT_EQ(text(map, {}), "map 7 m_in_full  hash, key 4 B, value 8 B, max_entries 8, types from .maps\n\n");
  map = a_map(), map.name = "a\033[2J\xc2\x9b";
  EXPECT_THAT(text(map, {}), HasSubstr("map 7 a\\x1b[2J\\x9b "));
}

TEST(TextMap, HowItEnded) {
  EXPECT_EQ(text(a_map(), {}, {Status::complete, "", 1, ""}), head + "\n  1 entry\n\n");
  EXPECT_EQ(text(a_map(), {}, {Status::complete, "", 0, "torn"}), head + "\n  0 entries\n  note: torn\n\n");
  EXPECT_EQ(text(a_map(), {}, {Status::skipped, "", {}, "no plugin\033"}),
            head + "\n  [skipped] no plugin\\x1b\n\n");
  EXPECT_EQ(text(a_map(), {}, {Status::crashed, "", {}, ""}), head + "\n  [crashed]\n\n");
  EXPECT_THAT(text(a_map(), {}, {Status::crashed, "", {}, ""}, {.color = true}),
              HasSubstr("\033[33m[crashed]\033[0m"));
}

/// What went wrong is not lost among what was left out on purpose.
TEST(TextMap, ProblemsLimitsAndNotesHaveLinesOfTheirOwn) {
  Outcome outcome{Status::partial, "", 9, "torn"};
  outcome.limits = {"3 of 9 entries shown", "no page"}, outcome.notes = {"odd\033"};
  EXPECT_EQ(text(a_map(), {}, outcome),
            head + "\n  9 entries\n  [partial] torn\n  [truncated] 3 of 9 entries shown\n"
                   "  [truncated] no page\n  note: odd\\x1b\n\n");
  outcome.status = Status::truncated;
  EXPECT_THAT(text(a_map(), {}, outcome), HasSubstr("\n  [partial] torn\n  [truncated] 3 of"));
  outcome.error = "";
  EXPECT_THAT(text(a_map(), {}, outcome, {.color = true}),
              HasSubstr("9 entries\n  [truncated] 3 of 9 entries shown\n"))
      << "what was asked for alarms nobody";
  outcome.limits = {};
  EXPECT_THAT(text(a_map(), {}, outcome), HasSubstr("9 entries\n  [truncated]\n  note: odd"));
}

TEST(TextMap, SingleValue) {
  EXPECT_EQ(text(a_map("array", 1), {{Shape::value, {}, 0, value(one), {}}}, {Status::complete, "", 1, ""}),
            "map 7 m  array, key 4 B, value 8 B, max_entries 1\n  1\n\n");
}

TEST(TextMap, FlatEntriesAreATable) {
  const Says key(members({{"pid", 3}, {"cpu", 0}})), long_one(members({{"hits", 1000000}, {"misses", 2}})),
      short_one(members({{"hits", 1}, {"misses", 0}}));
  EXPECT_EQ(text(a_map(), {entry(key, long_one), entry(key, short_one)}),
            head +
                "\n  pid cpu |    hits misses\n    3   0 | 1000000      2\n    3   0 |       1      0\n\n");
  EXPECT_EQ(text(a_map(), {entry(one, one)}), head + "\n  key | value\n    1 |     1\n\n");
}

TEST(TextMap, WhatFitsNoTableFollowsInLines) {
  const Says list(array({1, 2}));
  EXPECT_EQ(text(a_map(), {entry(one, one), entry(one, list), entry(one, one)}),
            head + "\n  key | value\n    1 |     1\n  1: [1, 2]\n  1: 1\n\n");
}

TEST(TextMap, LongTablesStream) {
  const std::vector<Row> rows(200, entry(one, one));
  const std::string all = text(a_map(), rows);
  EXPECT_EQ(std::ranges::count(all, '\n'), 203);
}

TEST(TextMap, WhatCannotBeRead) {
  Row row = entry(one, one);
  row.value.readable = false;
  EXPECT_THAT(text(a_map(), {row}), HasSubstr("<unsupported: could not be read>"));
}

TEST(TextMap, EqualCopiesPerCpuShareALine) {
  const Says two([](V& v) { v.unsigned_int(32, 2); });
  const auto shown = [&](std::vector<std::optional<Typed>> copies) {
    const std::string all = text(a_map(), {{Shape::percpu_element, {}, 5, {}, copies}});
    return all.substr(head.size() + 1);
  };
  EXPECT_EQ(shown({value(one), value(one)}), "  5:\n    all CPUs  1\n\n");
  EXPECT_EQ(shown({value(one)}), "  5:\n    cpu 0     1\n\n");
  EXPECT_EQ(shown({value(one), value(two), value(two), std::nullopt}),
            "  5:\n    cpu 0     1\n    cpus 1-2  2\n    cpu 3     <not there>\n\n");
  EXPECT_EQ(shown({}), "  5: <no copies>\n\n");
  const std::vector<std::optional<Typed>> copies = {value(one), value(two), value(one)};
  EXPECT_THAT(text(a_map(), {{Shape::percpu_element, {}, 5, {}, copies}}, {}, {.list_lines = 2}),
              HasSubstr("    cpu 1     2\n    ... 2 of 3 CPUs shown (report.inside)\n"));
}

TEST(TextMap, CopiesThatDifferBehindACutShareNoLine) {
  const Says cut(cut_array({1}, 9, {.not_zero = 8})), whole(cut_array({1}, 9, {.zero = true}));
  const std::vector<std::byte> other = bytes_of({2});
  const auto shown = [&](std::vector<std::optional<Typed>> copies) {
    const std::string all = text(a_map(), {{Shape::percpu_element, {}, 5, {}, copies}});
    return all.substr(head.size() + 1);
  };
  const std::string is = "[1, ... 1 of 9 shown, [8] is not zero]";
  EXPECT_EQ(shown({value(cut), Typed{&cut, other}}),
            "  5:\n    cpu 0     " + is + "\n    cpu 1     " + is + "\n\n");
  EXPECT_EQ(shown({value(cut), value(cut)}), "  5:\n    all CPUs  " + is + "\n\n") << "compared as bytes";
  EXPECT_EQ(shown({value(whole), Typed{&whole, other}}), "  5:\n    all CPUs  [1, ... [1..8] zero]\n\n");
}

Field a_field(FieldKind kind, std::string_view name, std::uint64_t number = 0, std::string_view text = "") {
  return {.kind = kind, .name = name, .number = number, .real = 0, .text = text, .value = {}};
}

TEST(TextMap, FieldsBeginWithTheirName) {
  Kept kept;
  const auto writer = make_map_writer(Format::text, {}, kept);
  writer->begin(a_map());
  writer->field(a_field(FieldKind::object, "filter"));
  writer->field(a_field(FieldKind::number, "bits", 0)); // what is zero in fields is no less worth telling
  writer->field(a_field(FieldKind::text, "kind", 0, "small"));
  writer->field(a_field(FieldKind::end, ""));
  writer->field(a_field(FieldKind::number, "level", 3));
  writer->end({});
  EXPECT_THAT(kept.text, HasSubstr("\n  filter: {bits=0, kind=small}\n  level: 3\n"));
}

/// An arena: its pages by address.
std::string arena_text(const std::string& arena_bytes, const std::vector<std::vector<std::byte>>& pages) {
  Kept kept;
  Options options;
  options.arena_bytes = arena_bytes, options.width = 200;
  const auto writer = make_map_writer(Format::text, options, kept);
  writer->begin(a_map());
  writer->field(a_field(FieldKind::object, "arena"));
  writer->field(a_field(FieldKind::number, "before", 1));
  writer->field(a_field(FieldKind::list, "pages"));
  for (const auto& bytes : pages) {
    writer->field(a_field(FieldKind::object, ""));
    writer->field(a_field(FieldKind::address, "user_addr", 0x1000));
    Field page = a_field(FieldKind::page, "bytes");
    page.value = {nullptr, bytes};
    writer->field(page);
    writer->field(a_field(FieldKind::end, ""));
  }
  writer->field(a_field(FieldKind::end, ""));
  writer->field(a_field(FieldKind::number, "behind", 2));
  writer->field(a_field(FieldKind::end, ""));
  writer->end({});
  return kept.text.substr(head.size() + 1);
}

TEST(TextMap, PagesAreCountedUnlessAskedFor) {
  std::vector<std::vector<std::byte>> pages = {
      std::vector<std::byte>(1024), std::vector<std::byte>(1024, std::byte{7}), {}};
  pages[1].back() = std::byte{9};
  for (const char* form : {"array", "none"})
    EXPECT_EQ(arena_text(form, pages),
              "  arena: {before=1, pages=3 with 2 KiB, 1 of them not all zeros, 1 could not be read "
              "(report.arena_bytes=hex shows them), behind=2}\n\n");
  EXPECT_EQ(arena_text("none", {}), "  arena: {before=1, behind=2}\n\n");
  const std::string hex = arena_text("hex", pages);
  EXPECT_THAT(hex, HasSubstr("user_addr 0x1000\n"));
  EXPECT_THAT(hex, HasSubstr("          03f0  07 07 07")) << "all of it";
}

/// A worker's frames lie in one buffer that the next frame overwrites.
TEST(TextMap, NamesOfFieldsEndWithTheCall) {
  Kept kept;
  const auto writer = make_map_writer(Format::text, {}, kept);
  std::string name = "filter of one";
  const auto field = [&](FieldKind kind, std::string_view next) {
    name.assign(next);
    writer->field(a_field(kind, name, 5));
  };
  writer->begin(a_map());
  field(FieldKind::object, "filter of one");
  field(FieldKind::number, "bits of a kind");
  field(FieldKind::number, "level");
  writer->field(a_field(FieldKind::end, ""));
  name = "something else";
  writer->end({});
  EXPECT_THAT(kept.text, HasSubstr("\n  filter of one: {bits of a kind=5, level=5}\n"));
}

TEST(TextMap, FieldsOfARowFollowIt) {
  Kept kept;
  const auto writer = make_map_writer(Format::text, {}, kept);
  const auto key = bytes_of({1, 2}), value = bytes_of({3});
  writer->begin(a_map());
  writer->row({.shape = Shape::entry,
               .key = {nullptr, key},
               .index = 0,
               .value = {nullptr, value},
               .copies = {},
               .open = true});
  writer->field(a_field(FieldKind::text, "prefix", 0, "1.0.0.0/8"));
  writer->field(a_field(FieldKind::end, ""));
  writer->end({});
  EXPECT_THAT(kept.text, HasSubstr("\n  01 02: 03\n    prefix=1.0.0.0/8\n"));
}

TEST(TextReport, FrameAroundTheMaps) {
  const auto shown = [](const std::vector<catalog::Program>& programs, const std::vector<Finding>& findings) {
    Kept kept;
    const Meta meta{"0.1", "ELF core", "6.12\033", "x86_64", 4096, 0, 2};
    const auto writer = make_report_writer(Format::text, {}, kept);
    writer->begin(meta), writer->end(programs, {}, findings);
    return kept.text;
  };
  const std::string first = "Linux 6.12\\x1b, x86_64, 2 CPUs, from an ELF core\n\n";
  EXPECT_EQ(shown({}, {}), first);
  catalog::Program program;
  program.id = 3, program.name = "p\n", program.type_name = "kprobe", program.tag = "0123",
  program.map_ids = {7};
  EXPECT_EQ(shown({program}, {{"info", 7, "look\r"}, {"error", std::nullopt, "all"}}),
            first + "programs\n     3  p\\x0a            kprobe           tag 0123  maps 7\n\n"
                    "worth a look\n  info     map 7: look\\x0d\n  error    all\n");
}

TEST(TextReport, WhatIsNoMapBeginsWithItsFindings) {
  Kept kept;
  const auto writer = make_report_writer(Format::text, {}, kept);
  const Meta meta{"0.1", "ELF core", "6.12", "x86_64", 4096, 0, 1};
  writer->begin(meta);
  const std::vector<Finding> findings = {{"error", std::nullopt, "it fell\r"}};
  writer->before_extension("a.b", findings);
  const auto extension = make_extension_writer(Format::text, {}, "sched_ext, by a.b@1", kept);
  extension->begin({});
  extension->field(a_field(FieldKind::text, "state", 0, "enabled"));
  extension->end({Status::partial, "a.b@1", std::nullopt, "gap"});
  EXPECT_EQ(kept.text, "Linux 6.12, x86_64, 1 CPU, from an ELF core\n\n  error    it fell\\x0d\n\n"
                       "sched_ext, by a.b@1\n  state: enabled\n  [partial] gap\n\n");
}

/// The lines of an extension behind its title.
std::string extension_lines(const std::vector<Field>& fields, unsigned width) {
  Kept kept;
  const auto extension = make_extension_writer(Format::text, {.width = width}, "title", kept);
  extension->begin({});
  for (const Field& field : fields) extension->field(field);
  extension->end({});
  return kept.text.substr(kept.text.find('\n') + 1);
}

TEST(TextExtension, RecordsTakeAsFewLinesAsTheyFitOn) {
  std::vector<Field> fields = {a_field(FieldKind::list, "tasks")};
  for (const std::uint64_t pid : {1, 2}) {
    fields.push_back(a_field(FieldKind::object, ""));
    fields.push_back(a_field(FieldKind::number, "pid", pid));
    fields.push_back(a_field(FieldKind::text, "comm", 0, "a\tname"));
    fields.push_back(a_field(FieldKind::list, "flags"));
    for (const char* flag : {"QUEUED", "IN_CUSTODY", "IMMED"})
      fields.push_back(a_field(FieldKind::text, "", 0, flag));
    fields.push_back(a_field(FieldKind::end, ""));
    fields.push_back(a_field(FieldKind::end, ""));
  }
  fields.push_back(a_field(FieldKind::end, ""));
  EXPECT_EQ(extension_lines(fields, 80),
            "  tasks:\n"
            "    - pid=1, comm=a\\x09name, flags=[QUEUED, IN_CUSTODY, IMMED]\n"
            "    - pid=2, comm=a\\x09name, flags=[QUEUED, IN_CUSTODY, IMMED]\n\n");
  EXPECT_THAT(extension_lines(fields, 48),
              testing::StartsWith("  tasks:\n"
                                  "    - pid=1, comm=a\\x09name\n"
                                  "      flags=[QUEUED, IN_CUSTODY, IMMED]\n    - pid=2"));
  EXPECT_THAT(extension_lines(fields, 26), testing::StartsWith("  tasks:\n"
                                                               "    - pid=1\n"
                                                               "      comm=a\\x09name\n"
                                                               "      flags:\n"
                                                               "        QUEUED, IN_CUSTODY\n"
                                                               "        IMMED\n    - pid=2"));
}

TEST(TextExtension, ATextOfSeveralLinesKeepsThem) {
  const std::string dump = "CPU 0\n\n  curr=busy\033[0m, which is more than forty-eight letters long\n";
  EXPECT_EQ(extension_lines({a_field(FieldKind::text, "dump", 0, dump)}, 80),
            "  dump:\n    CPU 0\n\n      curr=busy\\x1b[0m, which is more than forty-eight letters long\n\n");
  EXPECT_EQ(extension_lines({a_field(FieldKind::text, "none", 0, "")}, 80), "  none: \n\n");
  EXPECT_EQ(extension_lines({a_field(FieldKind::text, "one", 0, "\n")}, 80), "  one: []\n\n");
}

TEST(TextExtension, ListsOfLinesHaveSoMany) {
  Kept kept;
  const auto extension = make_extension_writer(Format::text, {.width = 80, .list_lines = 2}, "title", kept);
  extension->begin({});
  const std::string longest(60, 'x');
  extension->field(a_field(FieldKind::text, "dump", 0, "one\ntwo\n" + longest + "\n"));
  extension->end({});
  EXPECT_EQ(kept.text, "title\n  dump:\n    one\n    two\n    ... 2 of 3 shown (report.inside)\n\n");
}

TEST(TextExtension, EmptyListsAndPlainFacts) {
  EXPECT_EQ(extension_lines({a_field(FieldKind::list, "tasks"), a_field(FieldKind::end, ""),
                             a_field(FieldKind::flag, "all", 1), a_field(FieldKind::address, "at", 16)},
                            80),
            "  tasks: []\n  all: true\n  at: 0x10\n\n");
}

} // namespace
} // namespace mapscope::report
