// SPDX-License-Identifier: Apache-2.0
// Which columns a table has, and what of its rows is said elsewhere.
#include "host/base/display_width.hpp"
#include "host/report/text_table.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace mapscope::report {

namespace {

/// Wider ones would push the rest of their row out of sight.
constexpr std::size_t widest_cell = 40;

/// That are compared with each other.
constexpr std::size_t most_columns = 128;

std::string key_of(const Cell& cell) { return static_cast<char>('0' + cell.part) + cell.path; }

/// "pid" of "owner.pid" and of "taskc->pid".
std::string last_step(const std::string& path) {
  const std::size_t at = path.find_last_of(".>");
  return at == path.npos || at + 1 == path.size() ? path : path.substr(at + 1);
}

bool is_usual(const Column& column, std::size_t rows) {
  return rows >= TextTable::least_rows && column.agreeing * 4 >= rows * 3;
}

bool is_identifier(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '.';
  });
}

void add_names(std::string_view flags, std::set<std::string, std::less<>>& names) {
  while (!flags.empty()) {
    const std::string_view name = flags.substr(0, flags.find('|'));
    names.emplace(name);
    flags.remove_prefix(std::min(name.size() + 1, flags.size()));
  }
}

} // namespace

/// A column that this row is the first to have stands behind that of the cell before it.
Column& TextTable::column_of(const Cell& cell, std::vector<std::size_t>& order, std::size_t& place) {
  const auto [found, is_new] = places_.try_emplace(key_of(cell), columns_.size());
  if (!is_new) {
    const bool is_next = place < order.size() && order[place] == found->second;
    place =
        is_next ? place : static_cast<std::size_t>(std::ranges::find(order, found->second) - order.begin());
  } else {
    Column& column = columns_.emplace_back();
    column.kind = cell.kind, column.part = cell.part, column.path = column.heading = cell.path;
    place = std::min(place, order.size());
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), found->second);
  }
  ++place;
  return columns_[found->second];
}

void TextTable::collect() {
  std::vector<std::size_t> order;
  for (const TableRow& row : rows_) {
    std::size_t place = 0;
    for (const Cell& cell : row.cells) {
      Column& column = column_of(cell, order, place);
      ++column.count;
      if (cell.kind != column.kind) column.kind = Cell::Kind::text;
      // A vote: what more than half of the rows say is left at the end.
      if (column.agreeing == 0) column.common = cell.text;
      column.agreeing += column.common == cell.text ? 1 : std::size_t(-1);
    }
  }
  std::ranges::stable_sort(order, {}, [this](std::size_t index) { return columns_[index].part; });
  std::vector<Column> sorted;
  for (const std::size_t index : order) sorted.push_back(std::move(columns_[index]));
  columns_ = std::move(sorted);
  for (std::size_t i = 0; i < columns_.size(); ++i)
    places_[static_cast<char>('0' + columns_[i].part) + columns_[i].path] = i;
}

void TextTable::count_common() {
  for (Column& column : columns_) column.agreeing = 0;
  for (const TableRow& row : rows_) {
    std::size_t hint = 0;
    for (const Cell& cell : row.cells) {
      hint = *find(cell, hint) + 1;
      columns_[hint - 1].agreeing += columns_[hint - 1].common == cell.text ? 1 : 0;
    }
  }
}

/// Pairs of columns that say the same.
void TextTable::compare_columns() {
  const std::size_t all = columns_.size();
  equal_.assign(all * all, 0);
  std::vector<const Cell*> others;
  for (const TableRow& row : rows_) {
    const auto cells = in_columns(row, others);
    for (std::size_t a = 0; a < all; ++a)
      for (std::size_t b = 0; b < a && cells[a] != nullptr; ++b)
        if (cells[b] != nullptr && cells[a]->says_same(*cells[b]))
          ++equal_[a * all + b], ++equal_[b * all + a];
  }
}

/// The column that says most often what this one says, and stays.
TextTable::Mirror TextTable::mirror_of(std::size_t column) const {
  Mirror best;
  const Column& own = columns_[column];
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& other = columns_[i];
    const bool stays = other.place == Column::Place::cell && i != column && !own.is_mirror;
    const bool is_narrower = std::pair(other.width, i) < std::pair(own.width, column);
    const std::size_t rows = equal_[column * columns_.size() + i];
    if (stays && is_narrower && rows > best.rows) best = {i, rows};
  }
  return best;
}

/// What all names of flags, or all texts of a wide column, begin with is said once.
void TextTable::strip_prefix(Column& column) const {
  std::set<std::string, std::less<>> names;
  for (const TableRow& row : rows_)
    for (const Cell& cell : row.cells)
      if (cell.part == column.part && cell.path == column.path) add_names(cell.text, names);
  if (names.size() < 2 || !std::ranges::all_of(names, is_identifier)) return;
  const std::string &first = *names.begin(), &last = *names.rbegin();
  const auto differs = std::ranges::mismatch(first, last).in1 - first.begin();
  const std::size_t end = first.substr(0, static_cast<std::size_t>(differs)).rfind('_');
  if (end == first.npos) return;
  column.prefix = first.substr(0, end + 1);
  column.heading += '(' + column.prefix + ')';
}

void TextTable::measure_cells() {
  for (Column& column : columns_) column.width = column.count < seen_ ? 1 : 0;
  for (const TableRow& row : rows_) {
    std::size_t hint = 0;
    for (const Cell& cell : row.cells) {
      hint = *find(cell, hint) + 1;
      Column& column = columns_[hint - 1];
      column.width = std::max(column.width, display_width(column.shown(cell.text)));
    }
  }
}

void TextTable::measure() {
  measure_cells();
  for (Column& column : columns_) {
    const bool is_wide_text = column.kind == Cell::Kind::text && column.width > widest_cell;
    if (column.kind == Cell::Kind::flags || is_wide_text) strip_prefix(column);
  }
  measure_cells();
}

std::size_t TextTable::columns_in(unsigned part) const {
  return static_cast<std::size_t>(std::ranges::count_if(columns_, [part](const Column& column) {
    return column.part == part && column.place == Column::Place::cell;
  }));
}

void TextTable::place_columns() {
  using enum Column::Place;
  for (Column& column : columns_) {
    const bool is_note = column.kind == Cell::Kind::note;
    if (is_note ? is_usual(column, seen_) : seen_ >= least_rows && column.is_said_by_all(seen_))
      column.place = column.part == 0 ? cell : usual;
    else if (is_note || (column.part != 0 && (column.width > widest_cell || column.count * 4 < seen_)))
      column.place = behind;
  }
  const auto is_value = [](const Column& column) {
    return column.part == 1 && column.kind != Cell::Kind::note;
  };
  if (std::ranges::count_if(columns_, is_value) != 1) return;
  const auto only = std::ranges::find_if(columns_, is_value); // no key stands alone
  if (only->place == usual && only->width <= widest_cell) only->place = cell;
}

std::size_t TextTable::line_width() const {
  std::size_t width = indent_ - 1;
  unsigned part = 0;
  bool is_first = true;
  for (const Column& column : columns_) {
    if (column.place != Column::Place::cell) continue;
    if (!std::exchange(is_first, false) && column.part != part) width += 2;
    part = column.part;
    width += 1 + std::max(column.width, display_width(column.heading));
  }
  return width;
}

/// The last step of a path is enough where no other column ends with it.
void TextTable::shorten_headings() {
  std::unordered_map<std::string, unsigned> ends;
  for (const Column& column : columns_)
    if (column.place == Column::Place::cell) ++ends[last_step(column.path)];
  for (Column& column : columns_)
    if (const std::string end = last_step(column.path);
        ends[end] == 1 && column.heading.starts_with(column.path))
      column.heading = end + column.heading.substr(column.path.size());
}

/// First what most rows have in common, or say twice, then the last column of the value, then the last of
/// all.
Column* TextTable::next_to_go() {
  Column *commonest = nullptr, *last_of_value = nullptr, *last = nullptr;
  std::optional<std::size_t> mirrored;
  std::size_t most = seen_ * 3 / 4;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    if (column.part == 0 || column.place != Column::Place::cell || column.is_mirror) continue;
    last = &column;
    if (column.part == 1) last_of_value = &column;
    const Mirror mirror = mirror_of(i);
    const std::size_t rows = std::max(column.agreeing, mirror.rows);
    if (seen_ < least_rows || rows <= most) continue;
    most = rows;
    commonest = &column;
    mirrored = mirror.rows > column.agreeing ? std::optional(mirror.of) : std::nullopt;
  }
  if (commonest != nullptr) {
    commonest->mirrored = mirrored;
    return commonest;
  }
  return last_of_value != nullptr && columns_in(1) > 1 ? last_of_value : last;
}

void TextTable::mirror(Column& column) {
  columns_[*column.mirrored].is_mirror = true;
  column.agreeing =
      equal_[static_cast<std::size_t>(&column - columns_.data()) * columns_.size() + *column.mirrored];
}

bool TextTable::make_room() {
  if (width_ == 0 || line_width() <= width_) return true;
  shorten_headings();
  if (line_width() > width_) compare_columns();
  std::size_t gone = 0;
  while (line_width() > width_) {
    Column* const column = next_to_go();
    if (column == nullptr) return false;
    const bool usual = column->mirrored || is_usual(*column, seen_);
    column->place = usual ? Column::Place::usual : Column::Place::behind;
    if (column->mirrored) mirror(*column);
    if (!usual) ++gone;
  }
  shorten_headings(); // fewer columns are left that a short one could be taken for
  fill_room();
  const auto kept = std::ranges::count(columns_, Column::Place::cell, &Column::place);
  return std::cmp_less_equal(gone, kept);
}

/// Rows that say what is not the rule on a line of their own say it in a column where there is room for it;
/// first what most rows say.
void TextTable::fill_room() {
  constexpr std::size_t many = 4; // lines that a column is worth
  std::vector<Column*> usual;
  for (Column& column : columns_)
    if (column.place == Column::Place::usual && column.kind != Cell::Kind::note &&
        column.agreeing + many <= seen_)
      usual.push_back(&column);
  std::ranges::stable_sort(usual, {}, &Column::agreeing);
  for (Column* const column : usual) {
    const Column before = *column;
    column->place = Column::Place::cell, column->mirrored.reset();
    shorten_headings();
    if (line_width() > width_) *column = before;
  }
}

/// At least half of the cells are there, and a row has two of them.
bool TextTable::is_worth_it() const {
  std::size_t columns = 0, others = 0, filled = 0;
  for (const Column& column : columns_) {
    if (column.place != Column::Place::cell) continue;
    ++columns;
    if (column.part == 0) continue;
    ++others;
    filled += column.count;
  }
  return others != 0 && columns >= 2 && filled * 2 >= others * seen_;
}

bool TextTable::lay_out(bool is_all) {
  is_all_ = is_all;
  seen_ = rows_.size();
  collect();
  if (columns_.size() > most_columns) return false;
  count_common();
  measure();
  place_columns();
  return make_room() && is_worth_it();
}

} // namespace mapscope::report
