// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/held_rows.hpp"

#include <cstring>
#include <utility>

namespace mapscope::plugin {

namespace {

std::size_t size_of(const msc_value& value) { return value.data != nullptr ? value.size : 0; }

} // namespace

/// There is room for it.
void HeldRows::keep(Step& step, msc_value& value) {
  const std::size_t size = size_of(value), at = step.bytes.size();
  if (value.data == nullptr) return;
  step.bytes.resize(at + size + 1); // what has no bytes is there all the same
  if (size != 0) std::memcpy(&step.bytes[at], value.data, size);
  value.data = &step.bytes[at];
}

void HeldRows::add(const msc_row& row, std::uint64_t index) {
  Step& step = steps_.emplace_back();
  step.is_row = true, step.row = row, step.index = index;
  if (row.copies != nullptr) step.copies.assign(row.copies, row.copies + row.copy_count);
  std::size_t size = size_of(row.key) + size_of(row.value) + 2 + step.copies.size();
  for (const msc_value& copy : step.copies) size += size_of(copy);
  step.bytes.reserve(size);
  keep(step, step.row.key), keep(step, step.row.value);
  for (msc_value& copy : step.copies) keep(step, copy);
  if (row.copies != nullptr) step.row.copies = step.copies.data();
  bytes_ += size;
}

void HeldRows::add(const msc_field& field, bool is_of_row) {
  Step& step = steps_.emplace_back();
  step.field = field, step.is_of_row = is_of_row;
  if (field.name != nullptr) step.name = field.name, step.field.name = step.name.c_str();
  step.bytes.reserve(size_of(field.value) + 1);
  keep(step, step.field.value);
  bytes_ += step.bytes.size();
}

std::deque<HeldRows::Step> HeldRows::take() {
  bytes_ = 0;
  return std::exchange(steps_, {});
}

} // namespace mapscope::plugin
