// SPDX-License-Identifier: Apache-2.0
#include "host/base/hex.hpp"

namespace mapscope {

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
