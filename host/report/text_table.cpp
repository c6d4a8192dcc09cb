// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace mapscope::report {

std::optional<Cells> flat_cells(const TextTree& tree, const std::string& scalar_name) {
  using Kind = TextTree::Kind;
  if (tree.empty()) return std::nullopt;
  if (tree.root().kind == Kind::scalar) return Cells{{scalar_name}, {tree.root().text}};
  if (tree.root().kind != Kind::record || tree.root().children.empty()) return std::nullopt;
  Cells cells;
  for (const std::uint32_t child : tree.root().children) {
    const auto& member = tree.node(child);
    if (member.kind != Kind::scalar || member.member.empty()) return std::nullopt;
    cells.names.push_back(printable(member.member));
    cells.texts.push_back(member.text);
  }
  return cells;
}

bool TextTable::takes(const Cells& key, const Cells& value) const {
  if (names_.empty()) return true;
  return key.names.size() == key_columns_ && key.names.size() + value.names.size() == names_.size() &&
         std::ranges::equal(key.names, std::span(names_).first(key_columns_)) &&
         std::ranges::equal(value.names, std::span(names_).subspan(key_columns_));
}

void TextTable::add(const Cells& key, const Cells& value) {
  if (names_.empty()) {
    key_columns_ = key.names.size();
    names_ = key.names;
    names_.insert(names_.end(), value.names.begin(), value.names.end());
    for (const auto& name : names_) widths_.push_back(name.size());
  }
  std::vector<std::string> row = key.texts;
  row.insert(row.end(), value.texts.begin(), value.texts.end());
  for (std::size_t i = 0; i < row.size() && !headed_; ++i) widths_[i] = std::max(widths_[i], row[i].size());
  rows_.push_back(std::move(row));
}

std::size_t TextTable::width() const {
  std::size_t total = 4;
  for (const std::size_t width : widths_) total += width + 2;
  return total;
}

std::string TextTable::line(const std::vector<std::string>& cells) const {
  std::string out = " ";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i == key_columns_ && i != 0) out += " |";
    out += fmt::format(" {:>{}}", cells[i], widths_[i]);
  }
  return out + '\n';
}

std::string TextTable::take_lines() {
  std::string out;
  if (!names_.empty() && !std::exchange(headed_, true)) out += line(names_);
  for (const auto& row : rows_) out += line(row);
  rows_.clear();
  return out;
}

} // namespace mapscope::report
