// SPDX-License-Identifier: Apache-2.0
#include "host/saved/replayed_rows.hpp"

#include "host/base/hex.hpp"
#include "host/plain/cursor.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace mapscope::saved {

namespace {

using plain::find;
using plain::Json;
using report::Shape;

/// What a row itself has; all else are fields that a plugin added.
constexpr std::array<std::string_view, 8> own_names = {"key",       "key_hex", "index",       "value",
                                                       "value_hex", "per_cpu", "per_cpu_hex", "payload"};

bool is_own(std::string_view name) { return std::ranges::find(own_names, name) != own_names.end(); }

std::uint32_t index_of(const Json& row, Shape shape) {
  const Json* const index = find(row, shape == Shape::queued ? "index" : "key");
  return index != nullptr && index->IsUint() ? index->GetUint() : 0;
}

/// Bytes that nobody decoded; a number that is wider than JSON's has more to it.
const Json* raw_hex(const Json& value) {
  const bool is_raw = plain::is_kind(value, "bytes") && value.MemberCount() == 2;
  const Json* const hex = is_raw ? find(value, "hex") : nullptr;
  return hex != nullptr && hex->IsString() ? hex : nullptr;
}

const Json* element(const Json* list, rapidjson::SizeType index) {
  return list != nullptr && list->IsArray() && index < list->Size() ? &(*list)[index] : nullptr;
}

rapidjson::SizeType size_of(const Json* list) {
  return list != nullptr && list->IsArray() ? list->Size() : 0;
}

bool is_there(const Json* value) { return value != nullptr && !value->IsNull(); }

} // namespace

ReplayedRows::ReplayedRows(report::MapWriter& writer, ReplayedFields& fields, Names& names,
                           const btf::Cuts& cuts, const catalog::Map& map)
    : writer_(writer), fields_(fields), names_(names), cuts_(cuts),
      is_text_(map.name.ends_with(".rodata.str1.1")) {}

std::span<const std::byte> ReplayedRows::bytes_of(const Json* hex) {
  if (hex == nullptr || !hex->IsString()) return {};
  if (!bytes_of_hex(plain::characters(*hex), buffers_.emplace_back())) buffers_.back().clear();
  return buffers_.back();
}

/// `must_be_typed`: where there is no type the format has no value, so that bytes are one that has.
report::Typed ReplayedRows::typed(const Json* value, const Json* hex, bool must_be_typed) {
  if (value == nullptr) return {nullptr, bytes_of(hex)};
  const Json* const raw = raw_hex(*value);
  if (raw != nullptr && is_text_ && hex != nullptr) return {printable_.get(), bytes_of(hex)};
  if (raw != nullptr && !must_be_typed) return {nullptr, bytes_of(hex != nullptr ? hex : raw)};
  return {&decoders_.emplace_back(*value, names_, cuts_), bytes_of(hex)};
}

Result<void> ReplayedRows::value(std::string_view text, std::string_view hex) {
  const Json *const value = piece_.parse(text), *const bytes = hex_piece_.parse(hex);
  if (value == nullptr) return fail(Errc::corrupt, "value: " + piece_.problem());
  report::Row row{.shape = Shape::value, .key = {}, .value = typed(value, bytes, false), .copies = {}};
  writer_.row(row);
  decoders_.clear(), buffers_.clear();
  return {};
}

void ReplayedRows::unreadable_value() {
  writer_.row({.shape = Shape::value, .key = {}, .value = {nullptr, {}, false}, .copies = {}});
}

Result<void> ReplayedRows::list(Shape shape, std::string_view text) {
  plain::Cursor at(text);
  if (!at.enter('[')) return {};
  while (at.element()) {
    const Json* const row = piece_.parse(at.value());
    if (row == nullptr) return fail(Errc::corrupt, fmt::format("{}: {}", list_name(shape), piece_.problem()));
    if (!row->IsObject())
      ++no_objects_;
    else
      shape == Shape::slot ? slot(*row) : this->row(shape, *row);
    decoders_.clear(), buffers_.clear();
  }
  return {};
}

void ReplayedRows::row(Shape shape, const Json& row) {
  const bool is_keyed = shape == Shape::entry || shape == Shape::percpu_entry;
  report::Row out{.shape = shape, .key = {}, .value = {}, .copies = {}};
  if (is_keyed)
    out.key = typed(find(row, "key"), find(row, "key_hex"), true);
  else
    out.index = index_of(row, shape);
  if (shape == Shape::percpu_element || shape == Shape::percpu_entry) {
    copies(row);
    out.copies = copies_;
  } else {
    const Json *const value = find(row, "value"), *const hex = find(row, "value_hex");
    out.value = typed(value, hex, is_keyed);
    out.value.readable = value != nullptr || hex != nullptr;
  }
  if (const Json* const payload = find(row, "payload")) out.payload = typed(payload, nullptr, false);
  out.open = std::ranges::any_of(row.GetObject(),
                                 [](const auto& member) { return !is_own(plain::characters(member.name)); });
  writer_.row(out);
  if (out.open) fields_of(shape, row);
}

void ReplayedRows::fields_of(Shape shape, const Json& row) {
  const std::string path = fmt::format("{}[]", list_name(shape));
  for (const auto& [name, content] : row.GetObject())
    if (!is_own(plain::characters(name)))
      fields_.show(plain::characters(name), content, path_to(path, plain::characters(name)));
  fields_.end_row();
}

/// A CPU without a copy has null in both lists.
void ReplayedRows::copies(const Json& row) {
  const Json *const values = find(row, "per_cpu"), *const hexes = find(row, "per_cpu_hex");
  copies_.clear();
  for (rapidjson::SizeType cpu = 0; cpu < std::max(size_of(values), size_of(hexes)); ++cpu) {
    const Json *const value = element(values, cpu), *const hex = element(hexes, cpu);
    if (is_there(value) || is_there(hex))
      copies_.emplace_back(typed(is_there(value) ? value : nullptr, hex, false));
    else
      copies_.emplace_back(std::nullopt);
  }
}

void ReplayedRows::slot(const Json& row) {
  const auto number = [&](const char* name) {
    const Json* const found = find(row, name);
    return found != nullptr ? plain::number_of(*found).value_or(0) : 0;
  };
  const auto signed_number = [&](const char* name) {
    const Json* const found = find(row, name);
    return found != nullptr && found->IsInt() ? found->GetInt() : 0;
  };
  report::Row out{.shape = Shape::slot, .key = {}, .value = {}, .copies = {}};
  out.slot = {signed_number("idx"), signed_number("genn"), static_cast<std::uint32_t>(number("user_addr")),
              number("address")};
  const Json* const payload = find(row, "payload");
  const Json* const reason = payload != nullptr ? find(*payload, "reason") : nullptr;
  const bool is_unread = payload == nullptr || (reason != nullptr && reason->IsString() &&
                                                plain::characters(*reason) == report::unread_slot);
  out.value = is_unread ? report::Typed{nullptr, {}, false} : typed(payload, nullptr, false);
  writer_.row(out);
}

} // namespace mapscope::saved
