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

namespace {

constexpr int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

bool bytes_of_hex(std::string_view text, std::vector<std::byte>& bytes) {
  bytes.clear();
  if (text.empty()) return true;
  if (text.size() % 3 != 2) return false;
  bytes.reserve(text.size() / 3 + 1);
  for (std::size_t at = 0; at < text.size(); at += 3) {
    const int high = digit(text[at]), low = digit(text[at + 1]);
    if (high < 0 || low < 0 || (at + 2 < text.size() && text[at + 2] != ' ')) return false;
    bytes.push_back(static_cast<std::byte>(high << 4 | low));
  }
  return true;
}

} // namespace mapscope
