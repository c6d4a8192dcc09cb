// SPDX-License-Identifier: Apache-2.0
#include "fake_lines.hpp"

#include <mapscope/contract.hpp>

#include <cstring>
#include <functional>
#include <span>
#include <string_view>

namespace mapscope::testing {

namespace {

std::string hex(const msc_value& value) {
  constexpr std::size_t longest = 64 << 10; // longer ones are only told apart
  if (value.data == nullptr) return "??";
  const std::string_view bytes(static_cast<const char*>(value.data), value.size);
  if (bytes.size() > longest)
    return std::to_string(bytes.size()) + " bytes, hash " +
           std::to_string(std::hash<std::string_view>()(bytes));
  std::string text;
  for (const unsigned char byte : std::span(static_cast<const unsigned char*>(value.data), value.size)) {
    if (!text.empty()) text += ' ';
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string copies(const msc_row& row) {
  std::string text;
  for (const msc_value& copy : std::span(row.copies, row.copy_count)) {
    const bool absent = copy.data == nullptr && copy.size == 0;
    text += (text.empty() ? "" : " | ") + (absent ? "-" : hex(copy));
  }
  return "[" + text + "]";
}

} // namespace

std::string line_of(const msc_field& field) {
  const std::string name = field.name != nullptr ? std::string(" ") + field.name : "";
  switch (field.kind) {
  case MSC_END:
    return "end";
  case MSC_OBJECT:
    return "object" + name;
  case MSC_LIST:
    return "list" + name;
  case MSC_NUMBER:
  case MSC_ADDRESS:
    return "number" + name + " " + std::to_string(field.number);
  case MSC_SIGNED:
    return "number" + name + " " + std::to_string(static_cast<std::int64_t>(field.number));
  case MSC_FLAG:
    return "flag" + name + (field.number != 0 ? " true" : " false");
  case MSC_REAL:
    return "real" + name + " " + std::to_string(field.real);
  case MSC_STRING:
    return "text" + name + " " + std::string(static_cast<const char*>(field.value.data), field.value.size);
  case MSC_ABSENT:
    return "absent" + name;
  default:
    return "bytes" + name + " " + hex(field.value);
  }
}

std::string line_of(const msc_row& row) {
  std::uint32_t index = 0;
  if (row.key.size == sizeof index && row.key.data != nullptr)
    std::memcpy(&index, row.key.data, sizeof index);
  switch (row.shape) {
  case MSC_VALUE:
    return "value " + hex(row.value);
  case MSC_ENTRY:
    return "entry " + hex(row.key) + " = " + hex(row.value);
  case MSC_ELEMENT:
    return "element " + std::to_string(index) + " = " + hex(row.value);
  case MSC_PERCPU_ELEMENT:
    return "percpu_element " + std::to_string(index) + " = " + copies(row);
  case MSC_PERCPU_ENTRY:
    return "percpu_entry " + hex(row.key) + " = " + copies(row);
  case MSC_QUEUED:
    return "queued " + std::to_string(index) + " = " + hex(row.value);
  default:
    return "";
  }
}

std::string name_of(int rc) {
  const std::string name = contract::code_name(rc);
  return name.starts_with("MSC_") ? name.substr(4) : "?";
}

} // namespace mapscope::testing
