// SPDX-License-Identifier: Apache-2.0
// The few lexical pieces that the manifest's rules share. Thread rule: pure.
#pragma once

#include "host/base/result.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <vector>

namespace mapscope::plugin {

/// Always at least one part; parts may be empty.
inline std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// The whole text as a decimal number of type T; nothing when it is no number or too large for T.
template <class T> std::optional<T> decimal(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// True when `text` has a character, and none outside lowercase letters, digits (if asked) and `others`.
inline bool consists_of(std::string_view text, std::string_view others, bool digits = true) {
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (digits && c >= '0' && c <= '9') || others.find(c) != others.npos;
  });
}

template <class Enum, std::size_t N>
std::optional<Enum> enumerator(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <class... Args> std::unexpected<Error> wrong(std::string_view key, std::string_view value,
                                                      fmt::format_string<Args...> text, Args&&... args) {
  return fail(Errc::corrupt,
              fmt::format("{}={}: {}", key, value, fmt::format(text, std::forward<Args>(args)...)));
}

inline bool is_identifier(std::string_view name) {
  return consists_of(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") && !(name[0] >= '0' && name[0] <= '9');
}

/// "struct x", "union x", "enum x", "typedef x" or "x".
inline bool is_type(std::string_view type) {
  for (const std::string_view keyword : {"struct ", "union ", "enum ", "typedef "})
    if (type.starts_with(keyword)) return is_identifier(type.substr(keyword.size()));
  return is_identifier(type);
}

} // namespace mapscope::plugin
