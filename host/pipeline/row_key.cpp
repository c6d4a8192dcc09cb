// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/row_key.hpp"

#include "host/base/hex.hpp"
#include "host/pipeline/row_members.hpp"

#include <array>

namespace mapscope::pipeline {

namespace {

using plain::Json;
using report::Shape;

bool is_number(const plain::Key& key, std::uint64_t number) { return key.is(Json(number)); }

bool is_scalar(const plain::Key& key, const plain::Scalar& scalar) {
  if (scalar.has_text) return key.is(Json(rapidjson::StringRef(scalar.text.data(), scalar.text.size())));
  const auto* const number = std::get_if<std::uint64_t>(&scalar.number);
  const auto* const negative = std::get_if<std::int64_t>(&scalar.number);
  return (number != nullptr && is_number(key, *number)) || (negative != nullptr && key.is(Json(*negative)));
}

/// As is_entry() of host/plain/entries.hpp has it of a row that is JSON.
bool is_owner(const report::KeptRow& row, const plain::Key& key) {
  const std::array<std::vector<plain::Step>, 5> ways = {{{{"prefix", {}}},
                                                         {{"owner", {}}, {"pid", {}}},
                                                         {{"owner", {}}, {"ino", {}}},
                                                         {{"owner", {}}, {"id", {}}},
                                                         {{"owner", {}}, {"path", {}}}}};
  plain::Scalar scalar;
  for (const auto& way : ways)
    if (const auto* const found = field_of(row, way, scalar); found != nullptr && is_scalar(key, *found))
      return true;
  return false;
}

bool is_of_bytes(const report::KeptValue& value, const plain::Key& key) {
  std::string hex;
  append_hex(hex, value.bytes());
  if (key.is_bytes(hex)) return true;
  return value.events() == nullptr && key.is_number_of(hex);
}

bool is_decoded(const report::KeptValue& value, const plain::Key& key, ReadBack& read_back) {
  const report::Recording* const events = value.events();
  if (events == nullptr || !value.is_readable()) return false;
  const auto decoded = read_back([&](btf::ValueVisitor& into) { events->play(into); });
  return !decoded.HasParseError() && key.is(decoded);
}

bool has_listed_key(const report::KeptRow& row, const plain::Key& key, ReadBack& read_back) {
  const report::KeptField* const field = listed_key(row);
  if (field == nullptr) return false;
  using report::FieldKind;
  if (field->field.kind == FieldKind::typed || field->field.kind == FieldKind::hex)
    return is_of_bytes(field->value, key) || is_decoded(field->value, key, read_back);
  return field->field.kind == FieldKind::number && is_number(key, field->field.number);
}

} // namespace

bool has_key(const report::KeptRow& row, const plain::Key& key, ReadBack& read_back) {
  if (row.is_listed()) return has_listed_key(row, key, read_back);
  switch (row.row().shape) {
  case Shape::slot:
    return is_number(key, static_cast<std::uint64_t>(row.row().slot.idx));
  case Shape::entry:
  case Shape::percpu_entry:
    break;
  default: // also of one value, whose key is 0
    return is_number(key, row.row().index);
  }
  return is_of_bytes(row.key(), key) || is_owner(row, key) || is_decoded(row.key(), key, read_back);
}

} // namespace mapscope::pipeline
