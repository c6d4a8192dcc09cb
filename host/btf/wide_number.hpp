// SPDX-License-Identifier: Apache-2.0
// Numbers that the report's own kinds of number cannot hold, in decimal. Private to this folder.
//
// Thread rule: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mapscope::btf {

/// Of up to 16 bytes, little-endian; of these the `bits` above the lowest `shift`.
struct WideInteger {
  std::string decimal;
  std::byte bytes[16] = {}; ///< the value alone
};
WideInteger wide_integer(std::span<const std::byte> bytes, unsigned shift, unsigned bits, bool is_signed);

/// A floating-point number of 2, 10, 12 or 16 bytes, which BTF tells apart from no other of its size.
struct OddReal {
  std::string decimal; ///< up to 18 digits; "" when it is not known which format it has
  std::string_view format;
  bool is_guess = false; ///< the format follows from the bytes, not from the type's name
};
constexpr bool is_odd_real(std::uint64_t size) { return size == 2 || size == 10 || size == 12 || size == 16; }
OddReal odd_real(std::span<const std::byte> bytes, std::string_view type_name);

} // namespace mapscope::btf
