// SPDX-License-Identifier: Apache-2.0
#include "host/base/display_width.hpp"

#include "host/base/utf8.hpp"

#include <algorithm>
#include <span>

namespace mapscope {

namespace {

struct Range {
  char32_t first, last;
};

/// Blocks of Unicode 15 whose characters stand on the one before them, or are not seen; wcwidth() knows them
/// only where the user's locale does.
constexpr Range zero[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
                          {0x64b, 0x65f},   {0x93a, 0x93a},   {0x941, 0x948},   {0xe31, 0xe31},
                          {0xe34, 0xe3a},   {0xe47, 0xe4e},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
                          {0x200b, 0x200d}, {0x2060, 0x2064}, {0x20d0, 0x20ff}, {0x302a, 0x302d},
                          {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};
/// East Asian Width W and F, and emoji.
constexpr Range wide[] = {{0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x2e80, 0x303e},
                          {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},
                          {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                          {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1b000, 0x1b2ff},
                          {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

bool is_in(std::span<const Range> ranges, char32_t character) {
  const auto range = std::ranges::upper_bound(ranges, character, {}, &Range::first);
  return range != ranges.begin() && character <= std::prev(range)->last;
}

std::size_t columns_of(char32_t character) {
  return is_in(zero, character) ? 0 : is_in(wide, character) ? 2 : 1;
}

} // namespace

std::size_t display_width(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return text.size();
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    columns += length == 0 ? 1 : columns_of(code_point(text.substr(i, length)));
    i += length == 0 ? 1 : length;
  }
  return columns;
}

} // namespace mapscope
