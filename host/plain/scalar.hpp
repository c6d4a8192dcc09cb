// SPDX-License-Identifier: Apache-2.0
// A member as far as it can be compared: with a constant that a person wrote, and with its like.
//
// Refuses: to compare a number with a text that is none. Thread rule: plain values, pure functions.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace mapscope::plain {

using Number = std::variant<std::monostate, std::int64_t, std::uint64_t, double>;

/// A number, a text, or both: an enumerator's value and its name, an address and its symbol.
struct Scalar {
  Number number;
  std::string text;
  bool has_text = false;

  void clear() { number = {}, has_text = false; }
  void set_text(std::string_view value) { text = value, has_text = true; }
  void set_letter(char letter) {
    text.clear();
    text.push_back(letter), has_text = true;
  }
};

enum class Compare : std::uint8_t {
  is, ///< a member alone: neither zero nor empty
  equal,
  unequal,
  less,
  at_most,
  more,
  at_least,
  like ///< ~, a glob
};

struct Constant {
  Number number;    ///< none of what stands in quotes
  std::string text; ///< as it was written, without the quotes
};

/// With a digit, a sign and a digit, or a point: "inf" and "nan" are words.
bool begins_as_number(std::string_view word);

/// A number, in decimal (with a sign, or a fraction) or behind 0x, else text.
Constant constant_of(std::string_view word);

/// Of numbers of any two kinds; unordered where one is none.
std::partial_ordering compare(const Number& one, const Number& other);

enum class Truth : std::uint8_t { no, yes, unknown };
/// Unknown where the two cannot be compared.
Truth holds(const Scalar& member, Compare how, const Constant& constant);

} // namespace mapscope::plain
