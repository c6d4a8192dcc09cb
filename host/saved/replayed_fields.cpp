// SPDX-License-Identifier: Apache-2.0
#include "host/saved/replayed_fields.hpp"

#include "host/base/hex.hpp"
#include "host/plain/cursor.hpp"

#include <charconv>
#include <fmt/format.h>

namespace mapscope::saved {

namespace {

using plain::Json;
using report::FieldKind;

constexpr std::size_t whole = 64U << 10; ///< longer text is taken apart first

report::Field field(FieldKind kind, std::string_view name) {
  return {.kind = kind, .name = name, .number = 0, .real = 0, .text = {}, .value = {}};
}

} // namespace

std::string path_to(const std::string& path, std::string_view member) {
  return path.empty() ? std::string(member) : fmt::format("{}.{}", path, member);
}

std::string ReplayedFields::form_of(const std::string& path) const {
  return forms_.members().empty() ? "" : forms_.text(path).value_or("");
}

void ReplayedFields::open(FieldKind kind, std::string_view name) { writer_.field(field(kind, name)); }

void ReplayedFields::close() { writer_.field(field(FieldKind::end, "")); }

void ReplayedFields::show(std::string_view name, const Json& content, const std::string& path) {
  if (content.IsArray()) return list(name, content, path);
  if (plain::is_value(content)) return typed(name, content);
  if (content.IsObject()) {
    open(FieldKind::object, name);
    for (const auto& [member, value] : content.GetObject())
      show(plain::characters(member), value, path_to(path, plain::characters(member)));
    return close();
  }
  if (content.IsString()) return string(name, plain::characters(content), form_of(path));
  if (content.IsNumber()) return number(name, content, form_of(path));
  auto one = field(content.IsBool() ? FieldKind::flag : FieldKind::absent, name);
  one.number = content.IsTrue() ? 1 : 0;
  writer_.field(one);
}

void ReplayedFields::list(std::string_view name, const Json& content, const std::string& path) {
  if (form_of(path) == "page") return page(name, content);
  open(FieldKind::list, name);
  for (const Json& element : content.GetArray()) show("", element, path + "[]");
  close();
}

/// Bytes were written so where there was nobody to decode them.
void ReplayedFields::typed(std::string_view name, const Json& value) {
  const ReplayedValue decoder(value, names_, cuts_);
  auto one = field(FieldKind::typed, name);
  const Json* const hex = plain::is_kind(value, "bytes") ? plain::find(value, "hex") : nullptr;
  const bool is_raw = hex != nullptr && hex->IsString() && value.MemberCount() == 2 &&
                      bytes_of_hex(plain::characters(*hex), bytes_);
  one.value = is_raw ? report::Typed{nullptr, bytes_} : report::Typed{&decoder, {}};
  writer_.field(one);
}

namespace {

/// "address", or "address from 0x8000000000000000": smaller ones are numbers.
bool is_address(std::string_view form, std::uint64_t number) {
  constexpr std::string_view all = "address", from = "address from 0x";
  if (!form.starts_with(from)) return form == all;
  std::uint64_t least = 0;
  const char* const end = form.data() + form.size();
  const auto [at, error] = std::from_chars(form.data() + from.size(), end, least, 16);
  return error == std::errc{} && at == end && number >= least;
}

} // namespace

void ReplayedFields::string(std::string_view name, std::string_view text, std::string_view form) {
  auto one = field(FieldKind::text, name);
  one.text = text;
  if ((form == "hex" || form == "page") && bytes_of_hex(text, bytes_)) {
    one.kind = form == "hex" ? FieldKind::hex : FieldKind::page;
    one.value.bytes = bytes_;
  } else if (form == "number" || form.starts_with("address")) { // report.big_numbers
    const Json quoted(rapidjson::StringRef(text.data(), text.size()));
    const auto as_unsigned = plain::number_of(quoted);
    const auto as_signed = plain::signed_number_of(quoted);
    if (as_unsigned) one.kind = is_address(form, *as_unsigned) ? FieldKind::address : FieldKind::number;
    if (!as_unsigned && as_signed) one.kind = FieldKind::signed_number;
    one.number = as_unsigned.value_or(static_cast<std::uint64_t>(as_signed.value_or(0)));
  }
  writer_.field(one);
}

void ReplayedFields::number(std::string_view name, const Json& number, std::string_view form) {
  auto one = field(FieldKind::real, name);
  one.real = number.GetDouble();
  if (number.IsUint64())
    one.number = number.GetUint64(),
    one.kind = is_address(form, one.number) ? FieldKind::address : FieldKind::number;
  else if (number.IsInt64())
    one.kind = FieldKind::signed_number, one.number = static_cast<std::uint64_t>(number.GetInt64());
  writer_.field(one);
}

void ReplayedFields::page(std::string_view name, const Json& content) {
  bytes_.clear();
  for (const Json& byte : content.GetArray())
    bytes_.push_back(static_cast<std::byte>(byte.IsUint() ? byte.GetUint() : 0));
  auto one = field(FieldKind::page, name);
  one.value.bytes = bytes_;
  writer_.field(one);
}

Result<void> ReplayedFields::show(std::string_view name, std::string_view text, const std::string& path) {
  const bool has_parts = text.starts_with('{') || text.starts_with('[');
  if (text.size() > whole && has_parts && form_of(path) != "page" && !plain::is_value_text(text))
    return parts(name, text, path);
  const Json* const content = piece_.parse(text);
  if (content == nullptr) return fail(Errc::corrupt, fmt::format("{}: {}", path, piece_.problem()));
  show(name, *content, path);
  return {};
}

Result<void> ReplayedFields::parts(std::string_view name, std::string_view text, const std::string& path) {
  plain::Cursor at(text);
  Result<void> shown;
  if (at.enter('[')) {
    open(FieldKind::list, name);
    while (shown && at.element()) shown = show("", at.value(), path + "[]");
  } else if (at.enter('{')) {
    open(FieldKind::object, name);
    for (std::string_view escaped; shown && at.member(escaped);) {
      const std::string member = plain::name_of(escaped);
      shown = show(member, at.value(), path_to(path, member));
    }
  }
  close();
  if (shown && at.is_broken()) return fail(Errc::corrupt, path + ": is no JSON");
  return shown;
}

} // namespace mapscope::saved
