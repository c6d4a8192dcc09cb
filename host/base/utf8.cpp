// SPDX-License-Identifier: Apache-2.0
#include "host/base/utf8.hpp"

namespace mapscope {

namespace {

unsigned char at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

bool continues(std::string_view text, std::size_t i) {
  return i < text.size() && (at(text, i) & 0xc0) == 0x80;
}

} // namespace

std::size_t utf8_length(std::string_view text, std::size_t i) {
  const unsigned char first = at(text, i);
  if (first < 0x80) return 1;
  if (!continues(text, i + 1)) return 0;
  const unsigned char second = at(text, i + 1);
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
    return continues(text, i + 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
    return continues(text, i + 2) && continues(text, i + 3) ? 4 : 0;
  }
  return 0;
}

char32_t code_point(std::string_view sequence) {
  constexpr unsigned char firsts[] = {0x7f, 0x1f, 0x0f, 0x07}; // bits of the first byte that count
  char32_t character = at(sequence, 0) & firsts[sequence.size() - 1];
  for (const char c : sequence.substr(1)) character = character << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return character;
}

bool is_control(char32_t character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x61c ||
         character == 0x200e || character == 0x200f || (character >= 0x2028 && character <= 0x202e) ||
         (character >= 0x2066 && character <= 0x2069);
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      valid += "\xef\xbf\xbd";
      ++i;
    } else {
      valid += text.substr(i, length);
      i += length;
    }
  }
  return valid;
}

} // namespace mapscope
