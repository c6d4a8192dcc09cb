// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_rows.hpp"

#include <algorithm>
#include <utility>

namespace mapscope::report {

namespace {

/// Of what is held back.
constexpr std::size_t most_bytes = 2U << 20;

} // namespace

void TextRows::add(TextRow row) {
  if (form_ == Form::plain) return put_(row.plain);
  if (form_ == Form::table) return put_(row.is_other ? row.plain : table_.lines(row.cells));
  held_bytes_ += row.plain.size() + row.cells.cells.size() * sizeof(Cell);
  table_.hold(std::move(row.cells));
  held_.push_back(std::move(row));
  if (held_.size() >= TextTable::look_ahead || held_bytes_ >= most_bytes) decide(false);
}

void TextRows::leave() {
  if (form_ == Form::open && held_.empty()) return; // the rows are still to come
  if (!held_.empty()) decide(true);
  form_ = Form::plain; // what comes behind has lines of its own
}

/// One or two rows are a table only where nothing of them needs to be said twice.
bool TextRows::may_be_table() const {
  const auto all = [this](auto is_so) { return std::ranges::all_of(held_, is_so); };
  if (held_.size() < TextTable::least_rows) return all([](const TextRow& row) { return row.is_flat; });
  std::size_t with_lines = 0;
  for (std::size_t i = 0; i < held_.size(); ++i)
    with_lines += held_[i].is_other || table_.row(i).below.size() != 0 ? 1 : 0;
  return with_lines * 3 <= held_.size() && all([](const TextRow& row) { return !row.is_other; });
}

void TextRows::decide(bool is_all) {
  form_ = may_be_table() && table_.lay_out(is_all) ? Form::table : Form::plain;
  if (form_ == Form::table)
    put_(table_.take_lines());
  else
    for (const TextRow& row : held_) put_(row.plain);
  held_.clear();
}

} // namespace mapscope::report
