// SPDX-License-Identifier: Apache-2.0
#include "host/plain/value.hpp"

#include "host/base/char_text.hpp"
#include "host/base/unique_names.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <string_view>

namespace mapscope::plain {

namespace {

using Memory = rapidjson::Document::AllocatorType;

constexpr std::array<std::string_view, 13> kinds = {"int",   "uint",      "bool",       "char",     "float",
                                                    "enum",  "struct",    "array",      "cpu_list", "ptr",
                                                    "bytes", "truncated", "unsupported"};

std::string_view text_of(const Json& string) { return {string.GetString(), string.GetStringLength()}; }

Json text(std::string_view characters, Memory& memory) {
  return {characters.data(), static_cast<rapidjson::SizeType>(characters.size()), memory};
}

Json copied(const Json* node, Memory& memory) { return node != nullptr ? Json(*node, memory) : Json(); }

Json plain_enum(const Json& value, Memory& memory) {
  const Json* const variant = find(value, "variant");
  return variant != nullptr && variant->IsString() ? Json(*variant, memory)
                                                   : copied(find(value, "value"), memory);
}

Json plain_address(const Json& value, Memory& memory) {
  const Json* const address = find(value, "value");
  if (address == nullptr || !address->IsUint64()) return copied(address, memory);
  return text(fmt::format("{:#x}", address->GetUint64()), memory);
}

Json plain_array(const Json& value, Memory& memory) {
  if (std::string characters; is_text(value, characters)) return text(characters, memory);
  Json list(rapidjson::kArrayType);
  if (const Json* const elements = find(value, "elements"); elements != nullptr && elements->IsArray())
    for (const Json& element : elements->GetArray()) list.PushBack(plain(element, memory), memory);
  return list;
}

/// What the host knows of a member beside its bytes (a timer, a lock, a list's items) stands among the
/// members.
Json plain_struct(const Json& value, Memory& memory) {
  Json object(rapidjson::kObjectType);
  UniqueNames names;
  const auto add = [&](const Json& name, const Json& member) {
    std::string made;
    Json key = text(names.add(text_of(name), made), memory);
    object.AddMember(key, plain(member, memory), memory);
  };
  for_members(value, add);
  for (const auto& [name, fact] : value.GetObject())
    if (const std::string_view key = text_of(name); key != "kind" && key != "type_name" && key != "members")
      add(name, fact);
  return object;
}

/// A number that is wider than any of JSON's has its digits beside its bytes.
Json plain_bytes(const Json& value, Memory& memory) {
  const Json* const digits = find(value, "value");
  return copied(digits != nullptr ? digits : find(value, "hex"), memory);
}

Json plain_character(const Json& value, Memory& memory) {
  const Json* const code = find(value, "value");
  if (code == nullptr || !code->IsUint() || code->GetUint() < 0x20 || code->GetUint() > 0x7e)
    return copied(code, memory);
  return text(std::string(1, static_cast<char>(code->GetUint())), memory);
}

Json plain_value(const Json& value, Memory& memory) {
  const std::string_view kind = text_of(*find(value, "kind"));
  if (kind == "enum") return plain_enum(value, memory);
  if (kind == "struct") return plain_struct(value, memory);
  if (kind == "array") return plain_array(value, memory);
  if (kind == "cpu_list") return copied(find(value, "cpus"), memory);
  if (kind == "ptr") return plain_address(value, memory);
  if (kind == "bytes") return plain_bytes(value, memory);
  if (kind == "char") return plain_character(value, memory);
  if (kind == "unsupported") return {};
  if (kind != "truncated") return copied(find(value, "value"), memory);
  const Json* const part = find(value, "partial");
  return part != nullptr ? plain(*part, memory) : Json();
}

template <class Writer> std::string written(const Json& node) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  if constexpr (requires { writer.SetIndent(' ', 2); }) writer.SetIndent(' ', 2);
  node.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

} // namespace

Result<rapidjson::Document> parse(std::string text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError())
    return fail(Errc::corrupt, fmt::format("no JSON at byte {}: {}", document.GetErrorOffset(),
                                           rapidjson::GetParseError_En(document.GetParseError())));
  return document;
}

const Json* find(const Json& object, const char* name) {
  if (!object.IsObject()) return nullptr;
  const auto member = object.FindMember(name);
  return member != object.MemberEnd() ? &member->value : nullptr;
}

bool is_value(const Json& node) {
  const Json* const kind = find(node, "kind");
  return kind != nullptr && kind->IsString() && std::ranges::find(kinds, text_of(*kind)) != kinds.end();
}

bool is_kind(const Json& node, std::string_view kind) {
  const Json* const own = find(node, "kind");
  return own != nullptr && own->IsString() && text_of(*own) == kind;
}

const Json& whole_or_part(const Json& value) {
  const Json* at = &value;
  while (is_kind(*at, "truncated") && find(*at, "partial") != nullptr) at = find(*at, "partial");
  return *at;
}

bool is_text(const Json& array, std::string& text) {
  const Json* const elements = find(array, "elements");
  if (elements == nullptr || !elements->IsArray()) return false;
  CharText characters;
  for (const Json& element : elements->GetArray()) {
    const Json* const value = find(element, "value");
    const Json* const bits = find(element, "bits");
    const bool is_8 = bits != nullptr && bits->IsUint() && bits->GetUint() == 8;
    const bool is_unsigned = is_8 && is_kind(element, "uint");
    if (value == nullptr || !value->IsInt() ||
        !(is_unsigned || is_kind(element, "char") || (is_8 && is_kind(element, "int"))))
      return false;
    if (!characters.add(value->GetInt(), is_unsigned)) return false;
  }
  text = characters.text();
  return characters.is_text();
}

Json plain(const Json& node, Memory& memory) {
  if (is_value(node)) return plain_value(node, memory);
  if (node.IsArray()) {
    Json list(rapidjson::kArrayType);
    for (const Json& element : node.GetArray()) list.PushBack(plain(element, memory), memory);
    return list;
  }
  if (!node.IsObject()) return {node, memory};
  Json object(rapidjson::kObjectType);
  for (const auto& [name, member] : node.GetObject())
    object.AddMember(Json(name, memory), plain(member, memory), memory);
  return object;
}

std::string json_text(const Json& plain, bool pretty) {
  using rapidjson::StringBuffer;
  return pretty ? written<rapidjson::PrettyWriter<StringBuffer>>(plain)
                : written<rapidjson::Writer<StringBuffer>>(plain);
}

/// What is not ASCII is escaped: nothing of the target moves a terminal's cursor.
std::string shown_text(const Json& plain) {
  using Escaped = rapidjson::PrettyWriter<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::ASCII<>>;
  std::string text = written<Escaped>(plain);
  const bool has_escapes = text.find('\\') != text.npos;
  return plain.IsString() && !has_escapes ? text.substr(1, text.size() - 2) : text;
}

} // namespace mapscope::plain
