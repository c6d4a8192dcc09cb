// SPDX-License-Identifier: Apache-2.0
// Rows of named cells as an aligned table: numbers to the right, texts to the left, what all rows have in
// common said once above it.
//
// The first rows are held back to find the columns and their widths; the rest streams. Refuses: rows of many
// shapes, and tables of which more would stand behind the rows than in them: those are told otherwise. Thread
// rule: one table, one thread.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mapscope::report {

/// One thing that a row says, with nothing in it that a terminal would act on.
struct Cell {
  /// A note is a sentence about its row, and has no column. Flags are names with '|' between.
  enum class Kind : std::uint8_t { number, text, flags, note };
  Kind kind = Kind::text;
  bool zero = false; ///< not worth telling where it is alone
  unsigned part = 0; ///< 0: what the row is found by; a bar stands between parts
  std::string path;  ///< "owner.pid"
  std::string text;

  /// A name is the same with and without quotes.
  [[nodiscard]] bool says_same(const Cell& other) const;
};

struct TableRow {
  std::vector<Cell> cells;             ///< in the order of their parts
  std::string below;                   ///< lines that belong to the row, each behind a newline
  std::vector<std::string> told_below; ///< paths of what these lines are about
};

/// What rows say under one name.
struct Column {
  /// `usual`: said once above the table, and again by rows where it is not so. `behind`: said by each row
  /// behind its cells.
  enum class Place : std::uint8_t { cell, usual, behind };
  Place place = Place::cell;
  Cell::Kind kind = Cell::Kind::number;
  unsigned part = 0;
  std::string path, heading;
  std::string prefix;       ///< of all names of flags, said in the heading
  std::string common;       ///< what most rows say
  std::size_t count = 0;    ///< rows that have it
  std::size_t agreeing = 0; ///< rows that say `common`, or the same as the column mirrored
  std::size_t width = 0;
  std::optional<std::size_t> mirrored = {}; ///< usual: the column that most rows say the same in
  bool is_mirror = false;                   ///< of another, and so has to stay

  [[nodiscard]] bool is_said_by_all(std::size_t rows) const { return count == rows && agreeing == rows; }
  [[nodiscard]] std::string shown(const std::string& text) const;
};

class TextTable {
public:
  /// Rows that are held back.
  static constexpr std::size_t look_ahead = 256;
  /// Fewer have nothing in common that is worth a line.
  static constexpr std::size_t least_rows = 3;

  /// What is said beside a table; members of one struct are a group.
  using Groups = std::vector<std::vector<std::string>>;

  TextTable(unsigned width, unsigned indent) : width_(width), indent_(indent) {}

  /// A row that is held back.
  void hold(TableRow row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::size_t held() const { return rows_.size(); }
  [[nodiscard]] TableRow& row(std::size_t index) { return rows_[index]; }
  [[nodiscard]] const TableRow& row(std::size_t index) const { return rows_[index]; }
  /// Finds the columns of the rows held; `is_all`: no others will come. False: they are no table.
  [[nodiscard]] bool lay_out(bool is_all);
  /// What all rows have in common, and the columns' names.
  [[nodiscard]] std::string heading() const;
  /// Lines of a row, with a newline at the end of each.
  [[nodiscard]] std::string lines(const TableRow& row) const;
  /// Heading and all rows, which are then forgotten.
  [[nodiscard]] std::string take_lines();

private:
  Column& column_of(const Cell& cell, std::vector<std::size_t>& order, std::size_t& place);
  void collect();
  void count_common();
  void compare_columns();
  void strip_prefix(Column& column) const;
  void measure_cells();
  void measure();
  void place_columns();
  [[nodiscard]] bool make_room();
  void shorten_headings();
  void fill_room();
  struct Mirror {
    std::size_t of = 0, rows = 0;
  };
  [[nodiscard]] Mirror mirror_of(std::size_t column) const;
  void mirror(Column& column);
  Column* next_to_go();
  [[nodiscard]] bool is_worth_it() const;
  [[nodiscard]] std::size_t line_width() const;
  [[nodiscard]] std::size_t columns_in(unsigned part) const;
  [[nodiscard]] std::optional<std::size_t> find(const Cell& cell, std::size_t hint) const;
  [[nodiscard]] std::string cells_line(const std::vector<std::string>& texts) const;
  [[nodiscard]] std::vector<const Cell*> in_columns(const TableRow& row,
                                                    std::vector<const Cell*>& others) const;
  [[nodiscard]] Groups behind(const TableRow& row, const std::vector<const Cell*>& cells,
                              const std::vector<const Cell*>& others) const;
  [[nodiscard]] std::string said(const char* mark, bool by_all) const;
  [[nodiscard]] bool is_as_usual(const Column& column, const std::vector<const Cell*>& cells,
                                 const Cell& cell) const;

  unsigned width_, indent_;
  bool is_all_ = false;
  std::size_t seen_ = 0; ///< rows that the columns rest on
  std::vector<TableRow> rows_;
  std::vector<Column> columns_; ///< from left to right
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<std::size_t> equal_; ///< of two columns: rows that say the same in both; [a * columns + b]
};

} // namespace mapscope::report
