// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/row_order.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mapscope::pipeline {

namespace {

/// What is no number of any size has no place among them.
plain::Scalar place_of(const plain::Scalar* by) {
  if (by == nullptr) return {};
  const auto* const real = std::get_if<double>(&by->number);
  return real != nullptr && std::isnan(*real) ? plain::Scalar{} : *by;
}

/// Numbers, texts, neither.
int kind_of(const plain::Scalar& scalar) {
  if (scalar.number.index() != 0) return 0;
  return scalar.has_text ? 1 : 2;
}

} // namespace

bool RowOrder::comes_before(const Held& one, const Held& other) {
  const int kind = kind_of(one.by), other_kind = kind_of(other.by);
  if (kind != other_kind) return kind < other_kind;
  if (kind == 0)
    if (const auto order = plain::compare(one.by.number, other.by.number); order != 0) return order > 0;
  if (kind == 1 && one.by.text != other.by.text) return one.by.text < other.by.text;
  return one.found < other.found;
}

void RowOrder::add(std::unique_ptr<report::KeptRow>& row, const plain::Scalar* by) {
  Held next{place_of(by), added_++, nullptr};
  const bool is_full = most_ != 0 && held_.size() == most_;
  if (is_full && !comes_before(next, held_.front())) return;
  next.row = std::move(row);
  bytes_ += next.row->size();
  held_.push_back(std::move(next));
  std::ranges::push_heap(held_, comes_before);
  if (is_full) row = drop_last();
  while (bytes_ > room_ && held_.size() > 1) row = drop_last(), lacks_room_ = true;
}

std::unique_ptr<report::KeptRow> RowOrder::drop_last() {
  std::ranges::pop_heap(held_, comes_before);
  auto row = std::move(held_.back().row);
  held_.pop_back();
  bytes_ -= row->size();
  return row;
}

void RowOrder::hand_on(report::MapWriter& to) {
  std::ranges::sort_heap(held_, comes_before);
  for (Held& held : held_) {
    held.row->hand_on(to);
    held.row.reset();
  }
  held_.clear();
  bytes_ = 0;
}

} // namespace mapscope::pipeline
