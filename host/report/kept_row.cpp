// SPDX-License-Identifier: Apache-2.0
#include "host/report/kept_row.hpp"

#include <optional>

namespace mapscope::report {

void KeptValue::take(const Typed& typed) {
  bytes_.assign(typed.bytes.begin(), typed.bytes.end());
  is_readable_ = typed.readable;
  has_decoder_ = typed.decoder != nullptr;
  if (has_decoder_) recorded_.record(*typed.decoder, typed.bytes);
}

Typed KeptValue::typed() const { return {has_decoder_ ? &recorded_ : nullptr, bytes_, is_readable_}; }

void KeptRow::begin(const Row& row) {
  row_ = row, is_listed_ = false;
  key_.take(row.key), value_.take(row.value);
  if (row.payload) payload_.take(*row.payload);
  copy_count_ = row.copies.size(), field_count_ = 0;
  if (copies_.size() < copy_count_) copies_.resize(copy_count_);
  has_copy_.assign(copy_count_, false);
  for (std::size_t cpu = 0; cpu < copy_count_; ++cpu) {
    has_copy_[cpu] = row.copies[cpu].has_value();
    if (row.copies[cpu]) copies_[cpu].take(*row.copies[cpu]);
  }
}

void KeptRow::begin_listed() {
  Row none;
  none.open = true;
  begin(none);
  is_listed_ = true;
}

void KeptRow::add(const Field& field) {
  if (field_count_ == fields_.size()) fields_.emplace_back();
  KeptField& kept = fields_[field_count_++];
  kept.field = field;
  kept.name = field.name, kept.text = field.text;
  kept.value.take(field.value);
}

void KeptRow::hand_on(MapWriter& to) const {
  std::vector<std::optional<Typed>> copies;
  for (std::size_t cpu = 0; cpu < copy_count_; ++cpu)
    copies.push_back(has_copy_[cpu] ? std::optional(copies_[cpu].typed()) : std::nullopt);
  Row row = row_;
  row.key = key_.typed(), row.value = value_.typed(), row.copies = copies;
  if (row.payload) row.payload = payload_.typed();
  if (is_listed_)
    to.field({.kind = FieldKind::object, .name = "", .number = 0, .real = 0, .text = {}, .value = {}});
  else
    to.row(row);
  for (std::size_t i = 0; i < field_count_; ++i) {
    const KeptField& kept = fields_[i];
    Field field = kept.field;
    field.name = kept.name, field.text = kept.text, field.value = kept.value.typed();
    to.field(field);
  }
}

std::size_t KeptRow::size() const {
  std::size_t size = sizeof *this + key_.size() + value_.size() + payload_.size();
  for (std::size_t cpu = 0; cpu < copy_count_; ++cpu) size += sizeof(KeptValue) + copies_[cpu].size();
  for (std::size_t i = 0; i < field_count_; ++i)
    size += sizeof(KeptField) + fields_[i].text.size() + fields_[i].value.size();
  return size;
}

} // namespace mapscope::report
