// SPDX-License-Identifier: Apache-2.0
#include "host/report/row_batch.hpp"

#include <algorithm>

namespace mapscope::report {

namespace {

constexpr std::size_t most_rows = 512, most_bytes = 64U << 10; // text is some ten times as long

} // namespace

bool RowBatch::is_full() const { return rows_.size() >= most_rows || bytes_.size() >= most_bytes; }

void RowBatch::keep(const Typed& typed) {
  bytes_.insert(bytes_.end(), typed.bytes.begin(), typed.bytes.end());
}

void RowBatch::add(const Row& row) {
  rows_.push_back(row);
  keep(row.key), keep(row.value);
  for (const auto& copy : row.copies) {
    copies_.push_back(copy);
    if (copy) keep(*copy);
  }
}

Typed RowBatch::next(Typed typed) {
  typed.bytes = std::span(bytes_).subspan(next_, typed.bytes.size());
  next_ += typed.bytes.size();
  return typed;
}

void RowBatch::write_rows() {
  const auto helper = make_(text_);
  std::span rest(copies_);
  for (Row& row : rows_) {
    row.key = next(row.key), row.value = next(row.value);
    const auto own = rest.first(row.copies.size());
    rest = rest.subspan(own.size());
    for (auto& copy : own)
      if (copy) copy = next(*copy);
    row.copies = own;
    helper->row(row);
  }
  cuts_ = helper->cuts();
}

void RowBatch::write() noexcept {
  try {
    write_rows();
  } catch (...) {
    thrown_ = std::current_exception();
  }
}

void RowBatch::hand_on(MapWriter& to) const {
  if (thrown_) std::rethrow_exception(thrown_);
  to.add(text_.text, cuts_);
}

} // namespace mapscope::report
