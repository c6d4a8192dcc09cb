// SPDX-License-Identifier: Apache-2.0
// A member's number as a type of the plugin's: what does not fit is nothing, and never wraps.
//
// Included by plugin.hpp. Thread rule: pure.
#pragma once

#include <mapscope/plugin.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace mapscope {

/// Holds every integer of 64 bits, and their sums over the CPUs.
__extension__ typedef __int128 Wide; // NOLINT(modernize-use-using): __extension__ takes no alias

template <class T> constexpr bool is_integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;
template <class T> constexpr bool is_number = std::is_arithmetic_v<T> || std::is_enum_v<T>;

/// Nothing when it has no place in T; a bool is whether it is other than 0.
template <class T> constexpr std::optional<T> narrowed(Wide number) {
  if constexpr (std::is_enum_v<T>) {
    const auto held = narrowed<std::underlying_type_t<T>>(number);
    return held ? std::optional<T>(static_cast<T>(*held)) : std::nullopt;
  } else if constexpr (std::is_same_v<T, bool>) {
    return number != 0;
  } else {
    using Limits = std::numeric_limits<T>;
    if (number < Wide{Limits::min()} || number > Wide{Limits::max()}) return std::nullopt;
    return static_cast<T>(number);
  }
}

/// Of every kind but MSC_SCALAR_NONE and MSC_SCALAR_REAL.
inline Wide wide(const msc_scalar& scalar) {
  return scalar.kind == MSC_SCALAR_SIGNED ? Wide{static_cast<std::int64_t>(scalar.number)}
                                          : Wide{scalar.number};
}

} // namespace mapscope
