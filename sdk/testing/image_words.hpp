// SPDX-License-Identifier: Apache-2.0
// The words of an image's lines, numbers among them and bytes.
//
// Whatever cannot be understood throws std::invalid_argument. Thread rule: plain values.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::testing {

inline constexpr std::uint64_t largest_fill = 64 << 20;

/// The words of one line.
class Words {
public:
  explicit Words(std::string_view line) : rest_(line.substr(0, line.find('#'))) {}

  /// "" at the end.
  std::string_view next() {
    const auto start = rest_.find_first_not_of(" \t");
    rest_.remove_prefix(start == rest_.npos ? rest_.size() : start);
    const auto word = rest_.substr(0, rest_.find_first_of(" \t"));
    rest_.remove_prefix(word.size());
    return word;
  }
  std::string_view rest() {
    const auto start = rest_.find_first_not_of(" \t");
    const auto end = rest_.find_last_not_of(" \t");
    return start == rest_.npos ? std::string_view() : rest_.substr(start, end - start + 1);
  }

private:
  std::string_view rest_;
};

/// A negative one as its two's complement.
inline std::uint64_t number(std::string_view text) {
  const bool negative = text.starts_with("-");
  if (negative) text.remove_prefix(1);
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::invalid_argument("\"" + std::string(text) + "\" is no number");
  return negative ? 0 - value : value;
}

/// "name=value" in two.
inline std::pair<std::string_view, std::string_view> assignment(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == word.npos) throw std::invalid_argument("\"" + std::string(word) + "\" has no =");
  return {word.substr(0, equals), word.substr(equals + 1)};
}

inline void append(std::vector<std::byte>& bytes, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

inline void append(std::vector<std::byte>& bytes, std::string_view word) {
  const auto colon = word.find(':');
  if (colon == word.npos) {
    if (word.size() != 2) throw std::invalid_argument("\"" + std::string(word) + "\" is no byte");
    return append(bytes, number("0x" + std::string(word)), 1);
  }
  const auto kind = word.substr(0, colon);
  if (kind == "text") {
    for (const char c : word.substr(colon + 1)) bytes.push_back(static_cast<std::byte>(c));
    return;
  }
  const std::uint64_t value = number(word.substr(colon + 1));
  if (kind == "zero" && value <= largest_fill) return bytes.resize(bytes.size() + value);
  const std::map<std::string_view, std::size_t> sizes = {{"u8", 1}, {"u16", 2}, {"u32", 4}, {"u64", 8}};
  append(bytes, value, sizes.at(kind));
}

} // namespace mapscope::testing
