// SPDX-License-Identifier: Apache-2.0
#include "type_table.hpp"

#include <algorithm>
#include <cstdio>
#include <gtest/gtest.h>

namespace mapscope::guest {

void TypeTable::Cell::add(const Cell& other) {
  tally.add(other.tally);
  maps += other.maps, in_part += other.in_part, not_at_all += other.not_at_all;
}

TypeTable::Cell& TypeTable::of(const std::string& type, const std::string& column) {
  if (std::ranges::find(columns_, column) == columns_.end()) columns_.push_back(column);
  auto& cell = rows_[type][column];
  return cell ? *cell : cell.emplace();
}

void TypeTable::add_unknown(const std::string& type, const std::string& column) { rows_[type][column]; }

std::string TypeTable::text(const std::optional<Cell>& cell) {
  if (!cell) return "not in kernel";
  if (cell->maps != 0 && cell->not_at_all == cell->maps) return "not seen";
  const std::string compared = std::to_string(cell->tally.equal) + "/" + std::to_string(cell->tally.all);
  const unsigned less = cell->in_part + cell->not_at_all;
  if (less == 0) return compared;
  return compared + " (" + std::to_string(less) + " of " + std::to_string(cell->maps) + " in part)";
}

void TypeTable::print() const {
  std::vector<std::vector<std::string>> lines = {{"cells equal/compared"}};
  for (const std::string& column : columns_) lines.front().push_back(column);
  for (const auto& [type, row] : rows_) {
    auto& line = lines.emplace_back(std::vector{type});
    for (const std::string& column : columns_)
      line.push_back(row.contains(column) ? text(row.at(column)) : "-");
  }
  std::vector<std::size_t> widths(columns_.size() + 1);
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i)
      std::printf(i == 0 ? "%-*s" : "  %*s", static_cast<int>(widths[i]), line[i].c_str());
    std::printf("\n");
  }
}

void TypeTable::expect_all_types() const {
  for (const auto& [type, row] : rows_)
    for (const auto& [column, cell] : row)
      EXPECT_TRUE(!cell || cell->tally.all > 0 || cell->not_at_all == cell->maps)
          << "nothing was compared of " << type << " on " << column;
}

} // namespace mapscope::guest
