// SPDX-License-Identifier: Apache-2.0
#include "host/plain/key.hpp"

#include <charconv>
#include <fmt/format.h>
#include <string_view>
#include <vector>

namespace mapscope::plain {

namespace {

using Memory = rapidjson::Document::AllocatorType;

std::string_view text_of(const Json& string) { return {string.GetString(), string.GetStringLength()}; }

/// A number where it is one, else text.
Json word(std::string_view text, Memory& memory) {
  const bool is_negative = text.starts_with('-');
  std::string_view digits = text.substr(is_negative ? 1 : 0);
  const int base = digits.starts_with("0x") ? 16 : 10;
  if (base == 16) digits.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  const bool is_number = !digits.empty() && error == std::errc{} && rest == digits.data() + digits.size();
  if (is_number && !is_negative) return Json(number);
  if (is_number && number <= 1ULL << 63) return Json(static_cast<std::int64_t>(0 - number));
  return {text.data(), static_cast<rapidjson::SizeType>(text.size()), memory};
}

void add_words(std::string_view text, Json& list, Memory& memory) {
  for (std::size_t comma = 0; comma != text.npos; text.remove_prefix(comma == text.npos ? 0 : comma + 1)) {
    comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    list.PushBack(word(one, memory), memory);
  }
}

bool equal_numbers(const Json& one, const Json& other) {
  if (one.IsBool())
    return other.IsBool() ? one.GetBool() == other.GetBool()
                          : other.IsUint() && other.GetUint() == (one.GetBool() ? 1U : 0U);
  if (one.IsUint64() && other.IsUint64()) return one.GetUint64() == other.GetUint64();
  if (one.IsInt64() && other.IsInt64()) return one.GetInt64() == other.GetInt64();
  if (one.IsString() && other.IsUint64()) return text_of(one) == fmt::format("{}", other.GetUint64());
  if (one.IsString() && other.IsInt64()) return text_of(one) == fmt::format("{}", other.GetInt64());
  return one.IsDouble() && other.IsNumber() && one.GetDouble() == other.GetDouble();
}

/// "0c 00" of what is written so, or as hex:0c00; "" of anything else.
std::string bytes_in(std::string_view text) {
  constexpr std::string_view mark = "hex:";
  const bool is_marked = text.starts_with(mark);
  if (!is_marked && text.find(' ') == text.npos) return "";
  std::string digits;
  for (const char c : text.substr(is_marked ? mark.size() : 0))
    if (c != ' ') digits += c;
  if (digits.empty() || digits.size() % 2 != 0 || digits.find_first_not_of("0123456789abcdef") != digits.npos)
    return "";
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    if (i != 0) bytes += ' ';
    bytes.append(digits, i, 2);
  }
  return bytes;
}

/// Of bytes as reports have them.
std::size_t byte_count(std::string_view hex) { return (hex.size() + 1) / 3; }

bool equals_text(const Json& value, std::string_view wanted) {
  if (value.IsString()) return text_of(value) == wanted;
  if (is_kind(value, "enum")) {
    const Json* const variant = find(value, "variant");
    return variant != nullptr && variant->IsString() && text_of(*variant) == wanted;
  }
  if (is_kind(value, "bool")) {
    const Json* const flag = find(value, "value");
    return flag != nullptr && flag->IsBool() && wanted == (flag->GetBool() ? "true" : "false");
  }
  if (const Json* const hex = is_kind(value, "bytes") ? find(value, "hex") : nullptr; hex != nullptr)
    return hex->IsString() && text_of(*hex) == bytes_in(wanted);
  if (is_kind(value, "cpu_list"))
    return find(value, "cpus") != nullptr && equals_text(*find(value, "cpus"), wanted);
  std::string text;
  return is_kind(value, "array") && is_text(value, text) && text == wanted;
}

/// Those of structs in structs and of arrays in their place.
void add_leaves(const Json& value, std::vector<const Json*>& leaves) {
  std::string text;
  if (is_kind(value, "struct")) {
    for_members(value, [&](const Json&, const Json& member) { add_leaves(member, leaves); });
  } else if (const Json* const elements = find(value, "elements");
             is_kind(value, "array") && elements != nullptr && elements->IsArray() && !is_text(value, text)) {
    for (const Json& element : elements->GetArray()) add_leaves(element, leaves);
  } else {
    leaves.push_back(&value);
  }
}

} // namespace

Result<Key> Key::parse(const std::string& text) {
  Key key;
  key.text_ = text;
  key.bytes_ = bytes_in(text);
  if (text.starts_with('{') || text.starts_with('[') || text.starts_with('"')) {
    auto document = plain::parse(text);
    if (!document) return fail(Errc::usage, fmt::format("the key {} is {}", text, document.error().text));
    key.document_ = std::move(*document);
    return key;
  }
  Memory& memory = key.document_.GetAllocator();
  if (text.find(',') == text.npos) {
    Json only = word(text, memory);
    static_cast<Json&>(key.document_).Swap(only);
    return key;
  }
  key.document_.SetArray();
  add_words(text, key.document_, memory);
  return key;
}

/// A text that looks like a number, or has a comma, is also text.
bool Key::is(const Json& value) const {
  if (equals(value, document_)) return true;
  std::vector<const Json*> leaves;
  add_leaves(value, leaves);
  return leaves.size() == 1 && equals_text(*leaves.front(), text_);
}

bool Key::is_bytes(std::string_view hex) const { return !bytes_.empty() && hex == bytes_; }

bool Key::is_number_of(std::string_view hex) const {
  const std::size_t size = byte_count(hex);
  const bool is_number = document_.IsUint64() || document_.IsInt64();
  if (!is_number || (size != 1 && size != 2 && size != 4 && size != 8)) return false;
  std::uint64_t number = 0;
  for (std::size_t i = size; i-- > 0;) {
    unsigned byte = 0;
    std::from_chars(hex.data() + 3 * i, hex.data() + 3 * i + 2, byte, 16);
    number = number << 8 | byte;
  }
  if (document_.IsUint64()) return number == document_.GetUint64();
  const std::uint64_t mask = size == 8 ? ~0ULL : (1ULL << 8 * size) - 1;
  const std::int64_t wanted = document_.GetInt64();
  return number == (static_cast<std::uint64_t>(wanted) & mask) && wanted >= -(1LL << (8 * size - 1));
}

bool Key::equals(const Json& value, const Json& wanted) {
  if (wanted.IsArray()) return equals_list(value, wanted);
  if (wanted.IsObject()) return equals_struct(value, wanted);
  if (is_kind(value, "struct")) { // of one member
    std::vector<const Json*> leaves;
    add_leaves(value, leaves);
    return leaves.size() == 1 && equals(*leaves.front(), wanted);
  }
  if (wanted.IsString()) return equals_text(value, text_of(wanted));
  const Json* const number = is_value(value) ? find(value, "value") : &value;
  return number != nullptr && equal_numbers(*number, wanted);
}

bool Key::equals_struct(const Json& value, const Json& wanted) {
  if (!is_kind(value, "struct")) return false;
  for (const auto& [name, member] : wanted.GetObject()) {
    bool is_there = false;
    for_members(value, [&](const Json& own, const Json& inner) {
      is_there = is_there || (own == name && equals(inner, member));
    });
    if (!is_there) return false;
  }
  return true;
}

bool Key::equals_list(const Json& value, const Json& wanted) {
  std::vector<const Json*> leaves;
  if (is_kind(value, "struct"))
    for_members(value, [&](const Json&, const Json& member) { leaves.push_back(&member); });
  if (leaves.size() != wanted.Size()) {
    leaves.clear();
    add_leaves(value, leaves);
  }
  if (leaves.size() != wanted.Size()) return false;
  for (rapidjson::SizeType i = 0; i < wanted.Size(); ++i)
    if (!equals(*leaves[i], wanted[i])) return false;
  return true;
}

} // namespace mapscope::plain
