// SPDX-License-Identifier: Apache-2.0
// Tables: which columns they have, how wide they are, and what is said beside them.
#include "host/report/text_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::report {
namespace {

using testing::HasSubstr;
using Kind = Cell::Kind;

Cell number(std::string path, std::int64_t value, unsigned part = 1) {
  return {Kind::number, value == 0, part, std::move(path), std::to_string(value)};
}
Cell text(std::string path, std::string value, unsigned part = 1) {
  return {Kind::text, false, part, std::move(path), std::move(value)};
}
TableRow row(std::vector<Cell> cells) { return {std::move(cells), "", {}}; }

/// "" where the rows are no table.
std::string table_of(const std::vector<TableRow>& rows, unsigned width = 80) {
  TextTable table(width, 2);
  for (const TableRow& row : rows) table.hold(row);
  return table.lay_out(true) ? table.take_lines() : "";
}

TEST(TextTable, NumbersStandRightAndTextsLeft) {
  EXPECT_EQ(table_of({row({number("pid", 1), text("comm", "init")}),
                      row({number("pid", 1000), text("comm", "a_long_one")}),
                      row({number("pid", -2), text("comm", "")})}),
            "   pid comm\n"
            "     1 init\n"
            "  1000 a_long_one\n"
            "    -2 \"\"\n");
}

TEST(TextTable, WidthsAreThoseOfATerminal) {
  EXPECT_EQ(table_of({row({text("name", "\xe4\xb8\xad\xe6\x96\x87"), number("n", 1)}),
                      row({text("name", "e\xcc\x81"), number("n", 2)}),
                      row({text("name", "abcde"), number("n", 3)})}),
            "  name  n\n"
            "  \xe4\xb8\xad\xe6\x96\x87  1\n"
            "  e\xcc\x81     2\n"
            "  abcde 3\n");
}

TEST(TextTable, ABarStandsBetweenParts) {
  EXPECT_EQ(table_of({row({number("key", 1, 0), number("value", 7)}),
                      row({number("key", 2, 0), number("value", 8)})}),
            "  key | value\n    1 |     7\n    2 |     8\n");
}

TEST(TextTable, WhatAllSayIsSaidOnce) {
  const auto one = [](int a, int b) {
    return row({number("a", a), number("s.x", 5), number("s.y", 6), number("b", b)});
  };
  EXPECT_EQ(table_of({one(1, 2), one(3, 4), one(5, 6)}), "  all: s={x=5, y=6}\n  a b\n  1 2\n  3 4\n  5 6\n");
  EXPECT_THAT(table_of({one(1, 2), one(3, 4)}), HasSubstr("a s.x s.y b\n")) << "two have nothing in common";
}

TEST(TextTable, NoKeyStandsAlone) {
  std::vector<TableRow> rows;
  for (int i = 0; i < 4; ++i) rows.push_back(row({number("key", i, 0), number("value", 7)}));
  EXPECT_THAT(table_of(rows), HasSubstr("  key | value\n    0 |     7\n"));
}

TEST(TextTable, WhatIsAbsentIsADash) {
  EXPECT_EQ(
      table_of({row({number("a", 1), number("b", 2), text("c", "x")}), row({number("a", 3), text("c", "y")}),
                row({number("a", 4), number("b", 5), text("c", "z")})}),
      "  a b c\n  1 2 x\n  3 - y\n  4 5 z\n");
}

TEST(TextTable, AColumnStandsWhereItsRowsHaveIt) {
  EXPECT_EQ(
      table_of({row({number("a", 1), number("d", 2)}), row({number("a", 3), number("c", 4), number("d", 5)}),
                row({number("a", 6), number("c", 7), number("d", 8)})}),
      "  a c d\n  1 - 2\n  3 4 5\n  6 7 8\n");
}

TEST(TextTable, WhatFewHaveTheySayThemselves) {
  std::vector<TableRow> rows;
  for (int i = 0; i < 9; ++i) rows.push_back(row({number("a", i), number("b", 10 + i)}));
  rows[4].cells.push_back(number("odd.x", 1));
  rows[4].cells.push_back(number("odd.y", 2));
  EXPECT_THAT(table_of(rows), HasSubstr("\n  4 14  odd={x=1, y=2}\n"));
}

TEST(TextTable, AStructOfHundredsOfMembersIsNone) {
  std::vector<Cell> cells;
  for (int i = 0; i < 5000; ++i) cells.push_back(number("m" + std::to_string(i), i));
  EXPECT_EQ(table_of({row(cells), row(cells), row(cells)}, 0), "");
}

TEST(TextTable, RowsOfManyShapesAreNone) {
  EXPECT_EQ(table_of({row({number("a", 1)}), row({number("b", 2)}), row({number("c", 3)})}), "");
  EXPECT_EQ(table_of({row({}), row({}), row({})}), "");
}

std::vector<TableRow> wide_rows(int count) {
  std::vector<TableRow> rows;
  for (int i = 0; i < count; ++i)
    rows.push_back(row({number("pid", i), text("comm", "name" + std::to_string(i)),
                        number("usual", i == 2 ? 9 : 5), number("again", i), number("last", 1000 + i)}));
  return rows;
}

TEST(TextTable, WhatIsTooWideSaysOnceWhatMostHaveInCommon) {
  EXPECT_THAT(table_of(wide_rows(8), 80), HasSubstr("  pid comm  usual again last\n"));
  EXPECT_THAT(table_of(wide_rows(8), 27), testing::StartsWith("  all: again = pid\n"
                                                              "  pid comm  usual last\n"
                                                              "    0 name0     5 1000\n"));
  EXPECT_THAT(table_of(wide_rows(8), 20), testing::StartsWith("  all: again = pid\n"
                                                              "  where not said: usual=5\n"
                                                              "  pid comm  last\n"
                                                              "    0 name0 1000\n"
                                                              "    1 name1 1001\n"
                                                              "    2 name2 1002\n"
                                                              "      usual=9\n"));
}

TEST(TextTable, MembersOfOneStructStayOnALine) {
  std::vector<TableRow> rows;
  for (int i = 0; i < 3; ++i)
    rows.push_back(row({number("pid", i), number("cpu", 2 * i), number("of_all", 5), number("owner.pid", 17),
                        number("owner.tgid", 18)}));
  EXPECT_THAT(table_of(rows, 42), testing::StartsWith("  all: of_all=5, owner={pid=17, tgid=18}\n"));
  EXPECT_THAT(table_of(rows, 39), testing::StartsWith("  all: of_all=5\n    owner={pid=17, tgid=18}\n"));
  EXPECT_THAT(table_of(rows, 24), testing::StartsWith("  all: of_all=5\n    owner={pid=17\n    tgid=18}\n"))
      << "no line is wide enough";
}

TEST(TextTable, ThenTheLastColumnsGoBehind) {
  EXPECT_THAT(table_of(wide_rows(8), 14), HasSubstr("\n  pid comm\n    0 name0\n      last=1000\n"));
  EXPECT_EQ(table_of(wide_rows(8), 5), "") << "more behind the rows than in them";
}

TEST(TextTable, NamesOfFlagsShareTheirPrefix) {
  const auto flags = [](const char* names) { return Cell{Kind::flags, false, 1, "flags", names}; };
  EXPECT_EQ(table_of({row({number("a", 1), flags("X_Y_ON|X_Y_OUT")}), row({number("a", 2), flags("X_Y_ON")}),
                      row({number("a", 3)})}),
            "  a flags(X_Y_)\n  1 ON|OUT\n  2 ON\n  3 -\n");
}

TEST(TextTable, BehindItsFirstRowsItGoesOnAsItBegan) {
  TextTable table(80, 2);
  for (int i = 0; i < 4; ++i) table.hold(row({number("a", i), number("b", 10 + i), number("c", 5)}));
  ASSERT_TRUE(table.lay_out(false));
  EXPECT_THAT(table.take_lines(), testing::StartsWith("  where not said: c=5\n  a  b\n  0 10\n"))
      << "more may come";
  EXPECT_EQ(table.lines(row({number("a", 7), number("b", 8), number("c", 5)})), "  7  8\n");
  EXPECT_EQ(table.lines(row({number("a", 7), number("b", 8), number("c", 0)})), "  7  8  c=0\n");
  EXPECT_EQ(table.lines(row({number("a", 7), number("b", 12345)})), "  7 12345  c=-\n");
  EXPECT_EQ(table.lines(row({number("a", 7), number("b", 8), number("c", 5), number("new", 1)})),
            "  7  8  new=1\n");
}

TEST(TextTable, LinesBelowARowAreItsOwn) {
  TextTable table(80, 2);
  for (int i = 0; i < 3; ++i) table.hold(row({number("a", i), number("b", 10 + i)}));
  table.row(1).below = "\n      more";
  ASSERT_TRUE(table.lay_out(true));
  EXPECT_EQ(table.take_lines(), "  a  b\n  0 10\n  1 11\n      more\n  2 12\n");
}

TEST(TextTable, TheSameNameTwiceLosesNothing) {
  const auto twice = [](int i) { return row({number("a", i), number("a", i + 1), number("b", i)}); };
  EXPECT_THAT(table_of({twice(1), twice(2), twice(3)}), HasSubstr("  3 3  a=4\n"));
}

} // namespace
} // namespace mapscope::report
