// SPDX-License-Identifier: Apache-2.0
#include "host/base/hex.hpp"

#include <array>

namespace mapscope {

namespace {
/// "00 " to "ff ": three characters a byte make one copy per byte.
constexpr auto hex_table = [] {
  std::array<std::array<char, 3>, 256> table{};
  constexpr char digits[] = "0123456789abcdef";
  for (unsigned i = 0; i < 256; ++i) table[i] = {digits[i >> 4], digits[i & 15], ' '};
  return table;
}();
} // namespace

void append_hex(std::string& out, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const std::size_t at = out.size();
  out.resize(at + bytes.size() * 3);
  char* to = out.data() + at;
  for (const std::byte byte : bytes) {
    const auto& text = hex_table[static_cast<unsigned char>(byte)];
    to[0] = text[0], to[1] = text[1], to[2] = text[2];
    to += 3;
  }
  out.pop_back();
}

} // namespace mapscope
