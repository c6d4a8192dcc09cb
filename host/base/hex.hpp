// SPDX-License-Identifier: Apache-2.0
// The report's hex form: lowercase, two digits a byte, one space between bytes.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope {

/// "00 " to "ff ", and one more, so that a copy of a whole word makes each byte's three characters.
inline constexpr auto hex_table = [] {
  std::array<std::array<char, 4>, 256> table{};
  constexpr char digits[] = "0123456789abcdef";
  for (unsigned i = 0; i < 256; ++i) table[i] = {digits[i >> 4], digits[i & 15], ' ', ' '};
  return table;
}();

/// Appends "de ad be ef" to `out`; nothing for no bytes.
void append_hex(std::string& out, std::span<const std::byte> bytes);

/// The bytes of such a text; false where it is none, and `bytes` is not to be looked at.
[[nodiscard]] bool bytes_of_hex(std::string_view text, std::vector<std::byte>& bytes);

} // namespace mapscope
