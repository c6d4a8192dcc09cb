// SPDX-License-Identifier: Apache-2.0
// Values as text.
#include "text_events.hpp"

namespace mapscope::report {
namespace {

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
  EXPECT_EQ(line(text_array("\u202e")), "\"\\xe2\\x80\\xae\"");
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
              testing::EndsWith("00 00 ... 44 more bytes (--full)"));
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
  EXPECT_EQ(line(withheld(1)), "0x1 [slot 1 of x] [not followed: report.inside is 1]");
}

TEST(TextValue, ListsShowSoManyThings) {
  const auto cut = [](const Events& events, unsigned width) {
    TextTree tree(2);
    events(tree);
    return tree.lines(width, 0, 0);
  };
  EXPECT_EQ(cut(array({5, 6}), 10), "[5, 6]");
  EXPECT_EQ(cut(array({5, 6, 7}), 10), "\n  [0] 5, 6\n  ... 2 of 3 shown (report.inside)");
  EXPECT_EQ(cut(array({5, 6, 7}), 80), "[5, 6, ... 2 of 3 shown (report.inside)]")
      << "however wide the terminal is";
  EXPECT_EQ(cut(array({5, 0, 0, 6, 0}), 80), "[5, 0, 0, 6, 0]") << "zeros do not count";
  EXPECT_EQ(cut(array({5, 5, 5, 5, 6, 7}), 80), "[[0..3]=5, [4]=6, ... 5 of 6 shown (report.inside)]")
      << "equal ones are one thing";
  EXPECT_EQ(cut(array({5, 6, 6}), 80), "[5, 6, ... 2 of 3 shown (report.inside)]");
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

TEST(TextValue, TellsWhatItLeavesOut) {
  const auto cuts = [](const Events& events, std::uint64_t inside) {
    TextTree tree(inside);
    events(tree);
    return tree.cuts();
  };
  EXPECT_EQ(cuts(array({5, 6, 7}), 2).list, 3U);
  EXPECT_EQ(cuts(array({5, 6, 0}), 2).list, 0U);
  EXPECT_EQ(cuts(array({5, 6, 7}), 0).list, 0U);
  EXPECT_EQ(cuts([](V& v) { v.bytes(std::vector<std::byte>(300)); }, 0).bytes, 300U);
  EXPECT_EQ(cuts([](V& v) { v.bytes(std::vector<std::byte>(256)); }, 0).bytes, 0U);
  const Events long_one = [](V& v) { // of which the decoder hands out three
    v.begin_array(9);
    for (const unsigned i : {5, 6, 7}) v.unsigned_int(32, i);
    v.left_out({.zero = false, .not_zero = 3});
    v.end_array();
  };
  EXPECT_EQ(cuts(long_one, 0).longest, 9U);
  EXPECT_EQ(cuts(long_one, 2).longest, 0U) << "one limit cuts it, not two";
  EXPECT_EQ(cuts(long_one, 2).list, 9U);
  const Events nested = [&](V& v) {
    v.begin_array(3);
    v.unsigned_int(32, 1), v.unsigned_int(32, 2);
    long_one(v);
    v.end_array();
  };
  EXPECT_EQ(cuts(nested, 2).list, 3U) << "what is not shown at all is not cut short";
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
  EXPECT_EQ(printable("no \u202ereversed\u2069\u061c \u2028line"),
            "no \\u202ereversed\\u2069\\u061c \\u2028line");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J\xc2\x80\xc2\xa0"),
            "\\x9b2J\\x80\xc2\xa0"); // C1, and a no-break space
  EXPECT_EQ(printable("\x9b"
                      "2J"),
            "\xef\xbf\xbd"
            "2J");
}

TEST(TextValue, ManyScalarMembersStandInColumns) {
  std::vector<std::pair<const char*, std::int64_t>> values;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "z", "lmn"})
    values.emplace_back(name, 1);
  values[3].second = 1000, values[4].second = 0;
  EXPECT_EQ(lines(members(values), 30), "s:\n"
                                        "  a 1      f 1      j 1\n"
                                        "  b 1      g 1      k 1\n"
                                        "  c 1      h 1      z 1\n"
                                        "  d 1000   i 1      lmn 1");
  values.resize(3);
  EXPECT_EQ(lines(members(values), 10), "s:\n  a 1\n  b 1\n  c 1");
}

} // namespace
} // namespace mapscope::report
