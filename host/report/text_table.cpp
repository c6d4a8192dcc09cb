// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_table.hpp"

#include "host/base/display_width.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace mapscope::report {

namespace {

void append_aligned(const std::string& text, std::size_t width, bool to_the_right, std::string& out) {
  const std::size_t own = display_width(text), gap = width > own ? width - own : 0;
  if (to_the_right) out.append(gap, ' ');
  out += text;
  if (!to_the_right) out.append(gap, ' ');
}

/// What is said beside the table: "name=value", or a note.
struct Saying {
  std::string path; ///< "" of a note
  std::string text;
};

Saying saying(const Cell& cell) {
  return cell.kind == Cell::Kind::note ? Saying{"", cell.text} : Saying{cell.path, '=' + cell.text};
}

/// "owner." of "owner.pid", "taskc->" of "taskc->pid".
std::string_view struct_of(const std::string& path) {
  const std::size_t at = path.find_last_of(".>");
  return at == path.npos || at == 0 ? std::string_view() : std::string_view(path).substr(0, at + 1);
}

/// Members of one struct that follow each other share its name: "owner={pid=1", "comm=a}".
TextTable::Groups grouped(const std::vector<Saying>& all) {
  TextTable::Groups groups;
  for (std::size_t i = 0; i < all.size();) {
    const std::string_view group = struct_of(all[i].path);
    std::size_t end = i + 1;
    while (!group.empty() && end < all.size() && struct_of(all[end].path) == group) ++end;
    std::vector<std::string>& texts = groups.emplace_back();
    if (end == i + 1) {
      texts.push_back(all[i].path + all[i].text);
    } else {
      for (std::size_t at = i; at < end; ++at)
        texts.push_back(all[at].path.substr(group.size()) + all[at].text);
      const bool is_pointer = group.ends_with('>');
      texts.front().insert(0, is_pointer ? fmt::format("{}{{", group)
                                         : fmt::format("{}={{", group.substr(0, group.size() - 1)));
      texts.back() += '}';
    }
    i = end;
  }
  return groups;
}

/// With commas between.
std::size_t width_of(const std::vector<std::string>& texts) {
  std::size_t width = 2 * (texts.size() - 1);
  for (const std::string& text : texts) width += display_width(text);
  return width;
}

/// Texts with commas between, on lines of at most `width` columns where that can be done, and those of a
/// group on one line where that can be done; `line` is what the first begins with.
std::string side_by_side(const TextTable::Groups& groups, std::string line, std::size_t indent,
                         std::size_t width) {
  std::string out;
  std::size_t used = display_width(line);
  bool is_first = true;
  for (const std::vector<std::string>& texts : groups) {
    const std::size_t whole = width_of(texts);
    bool is_whole = indent + whole <= width; // where a line of its own is enough
    for (const std::string& text : texts) {
      const std::size_t own = display_width(text), needed = std::exchange(is_whole, false) ? whole : own;
      if (!is_first && width != 0 && used + 2 + needed > width) {
        out += line + '\n';
        line.assign(indent, ' ');
        used = indent;
      } else if (!is_first) {
        line += ", ";
        used += 2;
      }
      line += text;
      used += own;
      is_first = false;
    }
  }
  return out + line;
}

bool is_below(const TableRow& row, const Column& column) {
  return std::ranges::find(row.told_below, column.path) != row.told_below.end();
}

} // namespace

bool Cell::says_same(const Cell& other) const {
  const auto unquoted = [](std::string_view text) {
    const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return is_quoted ? text.substr(1, text.size() - 2) : text;
  };
  return unquoted(text) == unquoted(other.text);
}

std::string Column::shown(const std::string& text) const {
  if (text.empty()) return "\"\""; // a gap would move what follows it to the left
  if (prefix.empty()) return text;
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('|', at), text.size());
    const std::string name = text.substr(at, end - at);
    if (at != 0) out += '|';
    out += name.starts_with(prefix) ? name.substr(prefix.size()) : name;
    at = end + 1;
  }
  return out;
}

std::optional<std::size_t> TextTable::find(const Cell& cell, std::size_t hint) const {
  if (hint < columns_.size() && columns_[hint].part == cell.part && columns_[hint].path == cell.path)
    return hint;
  const auto found = places_.find(static_cast<char>('0' + cell.part) + cell.path);
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

std::string TextTable::said(const char* mark, bool by_all) const {
  std::vector<Saying> all;
  for (const Column& column : columns_)
    if (column.place == Column::Place::usual && (is_all_ && column.is_said_by_all(seen_)) == by_all)
      all.push_back(column.mirrored
                        ? Saying{column.path, " = " + columns_[*column.mirrored].path}
                        : saying({.kind = column.kind, .path = column.path, .text = column.common}));
  if (all.empty()) return "";
  return side_by_side(grouped(all), std::string(indent_, ' ') + mark, indent_ + 2, width_) + '\n';
}

std::string TextTable::heading() const {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.heading);
  return said("all: ", true) + said("where not said: ", false) + cells_line(names) + '\n';
}

std::string TextTable::cells_line(const std::vector<std::string>& texts) const {
  std::string out(indent_ - 1, ' ');
  const Column* before = nullptr;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    if (column.place != Column::Place::cell) continue;
    if (before != nullptr && before->part != column.part) out += " |";
    before = &column;
    const std::size_t width = std::max(column.width, display_width(column.heading));
    out += ' ';
    append_aligned(texts[i], width, column.kind == Cell::Kind::number, out);
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

/// Which of the row's cells belongs to which column; `others` belong to none.
std::vector<const Cell*> TextTable::in_columns(const TableRow& row, std::vector<const Cell*>& others) const {
  std::vector<const Cell*> cells(columns_.size());
  std::size_t hint = 0;
  for (const Cell& cell : row.cells) {
    const auto place = find(cell, hint);
    if (place) hint = *place + 1;
    if (place && cells[*place] == nullptr)
      cells[*place] = &cell;
    else
      others.push_back(&cell);
  }
  return cells;
}

/// What the row says that has no column, or that is not so for most.
TextTable::Groups TextTable::behind(const TableRow& row, const std::vector<const Cell*>& cells,
                                    const std::vector<const Cell*>& others) const {
  std::vector<Saying> all;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const Cell* const cell = cells[i];
    if (column.place == Column::Place::cell) continue;
    if (cell == nullptr) {
      const bool is_usual = column.place == Column::Place::usual && column.kind != Cell::Kind::note;
      const bool is_as_other = column.mirrored && cells[*column.mirrored] == nullptr;
      if (is_usual && !is_as_other && !is_below(row, column)) all.push_back({column.path, "=-"});
    } else if (column.place == Column::Place::behind ? !cell->zero : !is_as_usual(column, cells, *cell)) {
      all.push_back(saying(*cell));
    }
  }
  for (const Cell* const cell : others)
    if (!cell->zero) all.push_back(saying(*cell));
  return grouped(all);
}

bool TextTable::is_as_usual(const Column& column, const std::vector<const Cell*>& cells,
                            const Cell& cell) const {
  if (!column.mirrored) return cell.text == column.common;
  const Cell* const other = cells[*column.mirrored];
  return other != nullptr && other->says_same(cell);
}

std::string TextTable::lines(const TableRow& row) const {
  std::vector<const Cell*> others;
  const std::vector<const Cell*> cells = in_columns(row, others);
  std::vector<std::string> shown(columns_.size(), "-");
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (cells[i] != nullptr)
      shown[i] = columns_[i].shown(cells[i]->text);
    else if (is_below(row, columns_[i]))
      shown[i] = "below";
  std::string out = cells_line(shown);
  if (const Groups texts = behind(row, cells, others); !texts.empty()) {
    const std::string more = side_by_side(texts, std::string(indent_ + 4, ' '), indent_ + 4, width_);
    const std::string_view own = std::string_view(more).substr(indent_ + 4);
    const bool fits =
        own.find('\n') == own.npos && (width_ == 0 || display_width(out) + 2 + display_width(own) <= width_);
    out += fits ? fmt::format("  {}", own) : '\n' + more;
  }
  return out + row.below + '\n';
}

std::string TextTable::take_lines() {
  std::string out = heading();
  for (const TableRow& row : rows_) out += lines(row);
  rows_.clear();
  return out;
}

} // namespace mapscope::report
