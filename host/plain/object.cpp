// SPDX-License-Identifier: Apache-2.0
#include "host/plain/object.hpp"

#include "host/plain/cursor.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <rapidjson/error/en.h>

namespace mapscope::plain {

namespace {

constexpr std::size_t ordinary = 64U << 10; ///< bytes that most rows take

template <class T> std::optional<T> whole_number(std::string_view text) {
  T number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view without_quotes(std::string_view json) {
  const bool is_quoted = json.size() >= 2 && json.front() == '"' && json.back() == '"';
  return is_quoted ? json.substr(1, json.size() - 2) : json;
}

} // namespace

std::string_view characters(const Json& string) { return {string.GetString(), string.GetStringLength()}; }

Object::Object(std::string_view text) {
  Cursor at(text);
  *this = Object(at);
}

Object::Object(Cursor& at) {
  if (!at.enter('{')) return;
  std::string_view name;
  while (at.member(name)) members_.push_back({name, at.value()});
}

std::string_view Object::find(std::string_view name) const {
  const auto found = std::ranges::find(members_, name, &Member::name);
  return found != members_.end() ? found->text : std::string_view{};
}

std::optional<std::string> Object::text(std::string_view name) const { return text_of(find(name)); }

std::optional<std::uint64_t> Object::number(std::string_view name) const {
  return whole_number<std::uint64_t>(without_quotes(find(name)));
}

std::optional<std::uint32_t> Object::small_number(std::string_view name) const {
  return whole_number<std::uint32_t>(find(name));
}

std::optional<std::int64_t> Object::signed_number(std::string_view name) const {
  return whole_number<std::int64_t>(without_quotes(find(name)));
}

std::optional<double> Object::real(std::string_view name) const { return whole_number<double>(find(name)); }

std::optional<bool> Object::flag(std::string_view name) const {
  const std::string_view text = find(name);
  if (text != "true" && text != "false") return std::nullopt;
  return text == "true";
}

std::vector<std::string> Object::texts(std::string_view name) const {
  std::vector<std::string> texts;
  for (const std::string_view element : elements_of(find(name)))
    if (auto text = text_of(element)) texts.push_back(std::move(*text));
  return texts;
}

std::vector<std::uint32_t> Object::small_numbers(std::string_view name) const {
  std::vector<std::uint32_t> numbers;
  for (const std::string_view element : elements_of(find(name)))
    if (const auto number = whole_number<std::uint32_t>(element)) numbers.push_back(*number);
  return numbers;
}

std::vector<std::string_view> elements_of(std::string_view text) {
  std::vector<std::string_view> elements;
  Cursor at(text);
  if (!at.enter('[')) return elements;
  while (at.element()) elements.push_back(at.value());
  return elements;
}

bool is_value_text(std::string_view text) {
  Cursor at(text);
  std::string_view name;
  if (!at.enter('{') || !at.member(name) || name != "kind") return false;
  const std::string_view kind = without_quotes(at.value());
  rapidjson::Document document;
  document.SetObject().AddMember("kind", Json(rapidjson::StringRef(kind.data(), kind.size())),
                                 document.GetAllocator());
  return is_value(document);
}

std::optional<std::string> text_of(std::string_view json) {
  if (!json.starts_with('"')) return std::nullopt;
  const std::string_view inner = without_quotes(json);
  if (inner.find('\\') == inner.npos) return std::string(inner);
  Piece piece;
  const Json* const value = piece.parse(json);
  if (value == nullptr || !value->IsString()) return std::nullopt;
  return std::string(characters(*value));
}

std::string name_of(std::string_view escaped) {
  if (escaped.find('\\') == escaped.npos) return std::string(escaped);
  return text_of(fmt::format("\"{}\"", escaped)).value_or(std::string(escaped));
}

std::optional<std::uint64_t> number_of(const Json& value) {
  if (value.IsUint64()) return value.GetUint64();
  return value.IsString() ? whole_number<std::uint64_t>(characters(value)) : std::nullopt;
}

std::optional<std::int64_t> signed_number_of(const Json& value) {
  if (value.IsInt64()) return value.GetInt64();
  return value.IsString() ? whole_number<std::int64_t>(characters(value)) : std::nullopt;
}

Piece::Piece()
    : buffer_(std::make_unique_for_overwrite<char[]>(ordinary)), memory_(buffer_.get(), ordinary),
      document_(&memory_) {}

const Json* Piece::parse(std::string_view text) {
  document_.SetNull();
  memory_.Clear();
  document_.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag>(text.data(),
                                                                                       text.size());
  return document_.HasParseError() ? nullptr : &document_;
}

std::string Piece::problem() const {
  return fmt::format("no JSON at byte {}: {}", document_.GetErrorOffset(),
                     rapidjson::GetParseError_En(document_.GetParseError()));
}

} // namespace mapscope::plain
