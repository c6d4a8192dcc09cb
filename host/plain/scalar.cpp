// SPDX-License-Identifier: Apache-2.0
#include "host/plain/scalar.hpp"

#include "host/base/glob.hpp"

#include <charconv>
#include <fmt/format.h>
#include <system_error>
#include <utility>

namespace mapscope::plain {

namespace {

template <class... Base> std::from_chars_result read(std::string_view digits, auto& value, Base... base) {
  return std::from_chars(digits.data(), digits.data() + digits.size(), value, base...);
}

template <class... Base> bool is_all(std::string_view digits, auto& value, Base... base) {
  const auto [rest, error] = read(digits, value, base...);
  return !digits.empty() && error == std::errc{} && rest == digits.data() + digits.size();
}

Number whole_number(std::string_view word) {
  const bool is_negative = word.starts_with('-');
  std::string_view digits = word.substr(is_negative ? 1 : 0);
  const bool is_hex = digits.starts_with("0x") || digits.starts_with("0X");
  if (is_hex) digits.remove_prefix(2);
  std::uint64_t value = 0;
  if (!is_all(digits, value, is_hex ? 16 : 10)) return {};
  if (!is_negative) return value;
  return value <= 1ULL << 63 ? Number(static_cast<std::int64_t>(0 - value)) : Number();
}

std::string decimal(const Number& number) {
  return std::visit(
      [](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>)
          return std::string();
        else
          return fmt::format("{}", value);
      },
      number);
}

bool is_there(const Number& number) { return number.index() != 0; }

bool fits(std::partial_ordering order, Compare how) {
  switch (how) {
  case Compare::equal:
    return order == 0;
  case Compare::unequal:
    return order != 0;
  case Compare::less:
    return order < 0;
  case Compare::at_most:
    return order <= 0;
  case Compare::more:
    return order > 0;
  case Compare::at_least:
    return order >= 0;
  default:
    return false;
  }
}

Truth truth(bool is) { return is ? Truth::yes : Truth::no; }

Truth is_like(const Scalar& member, std::string_view glob) {
  return truth(glob_match(glob, member.has_text ? std::string_view(member.text) : decimal(member.number)));
}

} // namespace

bool begins_as_number(std::string_view word) {
  const std::size_t at = word.starts_with('-') ? 1 : 0;
  return word.size() > at && ((word[at] >= '0' && word[at] <= '9') || word[at] == '.');
}

Constant constant_of(std::string_view word) {
  Number number = whole_number(word);
  double fraction = 0;
  if (!is_there(number) && begins_as_number(word) && is_all(word, fraction)) number = fraction;
  return {number, std::string(word)};
}

std::partial_ordering compare(const Number& one, const Number& other) {
  return std::visit(
      [](const auto& a, const auto& b) -> std::partial_ordering {
        using A = std::decay_t<decltype(a)>;
        using B = std::decay_t<decltype(b)>;
        if constexpr (std::is_same_v<A, std::monostate> || std::is_same_v<B, std::monostate>)
          return std::partial_ordering::unordered;
        else if constexpr (std::is_same_v<A, double> || std::is_same_v<B, double>)
          return static_cast<double>(a) <=> static_cast<double>(b);
        else
          return std::cmp_less(a, b)    ? std::partial_ordering::less
                 : std::cmp_equal(a, b) ? std::partial_ordering::equivalent
                                        : std::partial_ordering::greater;
      },
      one, other);
}

Truth holds(const Scalar& member, Compare how, const Constant& constant) {
  const bool has_number = is_there(member.number);
  if (!has_number && !member.has_text) return Truth::unknown;
  if (how == Compare::is)
    return truth(has_number ? compare(member.number, std::uint64_t{0}) != 0 : !member.text.empty());
  if (how == Compare::like) return is_like(member, constant.text);
  if (has_number && is_there(constant.number))
    return truth(fits(compare(member.number, constant.number), how));
  if (!member.has_text) return Truth::unknown;
  return truth(fits(std::string_view(member.text) <=> std::string_view(constant.text), how));
}

} // namespace mapscope::plain
