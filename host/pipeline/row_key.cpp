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

bool is_of_bytes(const report::KeptRow& row, const plain::Key& key) {
  std::string hex;
  append_hex(hex, row.key().bytes());
  if (key.is_bytes(hex)) return true;
  return row.key().events() == nullptr && key.is_number_of(hex);
}

} // namespace

bool has_key(const report::KeptRow& row, const plain::Key& key, ReadBack& read_back) {
  switch (row.row().shape) {
  case Shape::slot:
    return is_number(key, static_cast<std::uint64_t>(row.row().slot.idx));
  case Shape::entry:
  case Shape::percpu_entry:
    break;
  default: // also of one value, whose key is 0
    return is_number(key, row.row().index);
  }
  if (is_of_bytes(row, key) || is_owner(row, key)) return true;
  const report::Recording* const events = row.key().events();
  if (events == nullptr || !row.key().is_readable()) return false;
  const auto value = read_back([&](btf::ValueVisitor& into) { events->play(into); });
  return !value.HasParseError() && key.is(value);
}

} // namespace mapscope::pipeline
