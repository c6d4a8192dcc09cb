// SPDX-License-Identifier: Apache-2.0
#include "host/btf/wide_number.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <limits>

namespace mapscope::btf {

namespace {

__extension__ typedef unsigned __int128 Wide;
__extension__ typedef __int128 SignedWide;

constexpr int bias = 16383; ///< of both formats with 15 bits of exponent
constexpr unsigned most_exponent = 0x7fff;

std::string spelled(bool is_negative, long double value) {
  return fmt::format("{:.18g}", is_negative ? -value : value);
}

constexpr long double infinite = std::numeric_limits<long double>::infinity();
constexpr long double no_number = std::numeric_limits<long double>::quiet_NaN();

/// 5 bits of exponent, 10 of fraction (IEEE 754 binary16).
std::string half(std::uint16_t raw) {
  const int exponent = raw >> 10 & 0x1f, fraction = raw & 0x3ff;
  long double value = std::ldexp(static_cast<long double>(fraction), -24);
  if (exponent == 0x1f)
    value = fraction == 0 ? infinite : no_number;
  else if (exponent != 0)
    value = std::ldexp(static_cast<long double>(fraction + 0x400), exponent - 25);
  return spelled((raw & 0x8000) != 0, value);
}

/// The upper half of a float.
std::string brain(std::uint16_t raw) {
  return fmt::format("{}", std::bit_cast<float>(static_cast<std::uint32_t>(raw) << 16));
}

/// 64 bits of significand with its leading 1, then 15 of exponent and the sign.
std::string x87(std::span<const std::byte> bytes) {
  const auto significand = load<std::uint64_t>(bytes.data());
  const auto top = load<std::uint16_t>(bytes.data() + 8);
  const unsigned exponent = top & most_exponent;
  long double value =
      std::ldexp(static_cast<long double>(significand), static_cast<int>(std::max(exponent, 1U)) - bias - 63);
  if (exponent == most_exponent) value = significand << 1 == 0 ? infinite : no_number;
  return spelled((top & 0x8000) != 0, value);
}

/// 112 bits of fraction, 15 of exponent and the sign (IEEE 754 binary128); rounded to what a host computes
/// with.
std::string quad(std::span<const std::byte> bytes) {
  const auto low = load<std::uint64_t>(bytes.data()), high = load<std::uint64_t>(bytes.data() + 8);
  const auto exponent = static_cast<unsigned>(high >> 48) & most_exponent;
  const std::uint64_t fraction = high & ((1ULL << 48) - 1), leading = exponent == 0 ? 0 : 1ULL << 48;
  const long double significand =
      std::ldexp(static_cast<long double>(fraction | leading), 64) + static_cast<long double>(low);
  long double value = std::ldexp(significand, static_cast<int>(std::max(exponent, 1U)) - bias - 112);
  if (exponent == most_exponent) value = (fraction | low) == 0 ? infinite : no_number;
  return spelled(high >> 63 != 0, value);
}

OddReal of_two_bytes(std::uint16_t raw, std::string_view name) {
  if (name == "_Float16" || name == "__fp16") return {half(raw), "binary16"};
  if (name == "__bf16") return {brain(raw), "bfloat16"};
  return {"", "binary16 or bfloat16"};
}

} // namespace

WideInteger wide_integer(std::span<const std::byte> bytes, unsigned shift, unsigned bits, bool is_signed) {
  Wide raw = 0;
  std::memcpy(&raw, bytes.data(), std::min(bytes.size(), sizeof raw));
  raw >>= shift;
  if (shift != 0 && bytes.size() > sizeof raw)
    raw |= static_cast<Wide>(std::to_integer<unsigned>(bytes[sizeof raw])) << (128 - shift);
  const unsigned unused = 128 - bits;
  raw <<= unused;
  const auto with_sign = static_cast<SignedWide>(raw) >> unused;
  raw >>= unused;
  WideInteger wide;
  wide.decimal = is_signed ? fmt::format("{}", with_sign) : fmt::format("{}", raw);
  std::memcpy(wide.bytes, &raw, sizeof raw);
  return wide;
}

/// A long double is that of x86 in 12 bytes (i386) or 16, where its last six are padding, or a binary128 of
/// 16 (arm64), where a number that is not next to zero fills them.
OddReal odd_real(std::span<const std::byte> bytes, std::string_view name) {
  if (bytes.size() == 2) return of_two_bytes(load<std::uint16_t>(bytes.data()), name);
  if (bytes.size() < 16) return {x87(bytes), "x87"};
  if (name == "__float128" || name == "_Float128") return {quad(bytes), "binary128"};
  if (std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{}; })) return {"0", ""};
  const bool is_padded =
      std::ranges::all_of(bytes.subspan(10), [](std::byte byte) { return byte == std::byte{}; });
  return is_padded ? OddReal{x87(bytes), "x87", true} : OddReal{quad(bytes), "binary128", true};
}

} // namespace mapscope::btf
