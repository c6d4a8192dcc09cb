// SPDX-License-Identifier: Apache-2.0
// JSON text of the kinds of value that the report knows. Names here are plain ASCII.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace guest::json {

inline std::string hex(const void* data, std::size_t size, const char* between = "") {
  static constexpr char digits[] = "0123456789abcdef";
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::string out;
  out.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    if (i != 0) out += between;
    out += digits[bytes[i] >> 4], out += digits[bytes[i] & 15];
  }
  return out;
}

inline std::string quoted(const std::string& text) { return '"' + text + '"'; }

/// Any text, such as what the kernel prints.
inline std::string text(const std::string& any) {
  std::string out = "\"";
  for (const char letter : any) {
    const auto code = static_cast<unsigned char>(letter);
    if (code < 0x20 || code >= 0x7f)
      out += "\\u00" + hex(&letter, 1);
    else
      out += letter == '"' || letter == '\\' ? std::string("\\") + letter : std::string(1, letter);
  }
  return out + '"';
}

template <class Parts> std::string list(const Parts& parts) {
  std::string out = "[";
  for (const std::string& part : parts) out += (out.size() == 1 ? "" : ",") + part;
  return out + "]";
}

inline std::string kind(const char* name, const std::string& rest) {
  return "{\"kind\":" + quoted(name) + "," + rest + "}";
}

template <class T> std::string number(T value, int bits = sizeof(T) * 8) {
  return kind(std::numeric_limits<T>::is_signed ? "int" : "uint",
              "\"bits\":" + std::to_string(bits) + ",\"value\":" + std::to_string(value));
}

inline std::string truth(bool value) {
  return kind("bool", std::string("\"value\":") + (value ? "true" : "false"));
}

/// Infinities and NaN have no number in JSON.
template <class T> std::string real(T value) {
  char text[64] = "null";
  if (std::isfinite(value)) std::snprintf(text, sizeof text, "%.17g", static_cast<double>(value));
  return kind("float", "\"bits\":" + std::to_string(sizeof(T) * 8) + ",\"value\":" + text);
}

/// `name` is null when no constant has that value.
inline std::string constant(std::int64_t value, int bits, const char* name) {
  return kind("enum", "\"bits\":" + std::to_string(bits) + ",\"value\":" + std::to_string(value) +
                          ",\"variant\":" + (name != nullptr ? quoted(name) : "null"));
}

template <class T> std::string pointer(T* value) {
  return kind("ptr", "\"value\":" + std::to_string(reinterpret_cast<std::uintptr_t>(value)));
}

inline std::string bytes(const void* value, std::size_t size) {
  return kind("bytes", "\"hex\":" + quoted(hex(value, size, " ")));
}

inline std::string array(const std::vector<std::string>& elements) {
  return kind("array", "\"len\":" + std::to_string(elements.size()) + ",\"elements\":" + list(elements));
}

using Members = std::vector<std::pair<const char*, std::string>>;

/// A struct or union; `type` is null for one without a name.
inline std::string record(const char* type, const Members& members) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : members)
    parts.push_back("{\"name\":" + quoted(name) + ",\"value\":" + value + "}");
  return kind("struct",
              "\"type_name\":" + (type != nullptr ? quoted(type) : "null") + ",\"members\":" + list(parts));
}

} // namespace guest::json
