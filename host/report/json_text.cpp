// SPDX-License-Identifier: Apache-2.0
#include "host/report/json_text.hpp"

#include "host/base/hex.hpp"
#include "host/base/utf8.hpp"

#include <algorithm>
#include <cmath>

namespace mapscope::report {

namespace {

/// Plain ASCII without quotes and backslashes: nearly every name there is.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text,
                             [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

} // namespace

JsonText::JsonText(Stream& stream, bool pretty, bool big_numbers_as_strings, unsigned depth,
                   std::size_t block)
    : stream_(stream), pretty_(pretty), big_as_strings_(big_numbers_as_strings), indent_(depth),
      block_(block), buffer_(std::make_unique_for_overwrite<char[]>(2 * block)) {
  levels_[0].empty = true;
}

void JsonText::flush() {
  if (used_ != 0) stream_.append({buffer_.get(), used_});
  used_ = 0;
}

void JsonText::raw_long(std::string_view text) {
  flush();
  stream_.append(text);
}

void JsonText::new_line() {
  raw('\n');
  for (unsigned i = 0; i < indent_; ++i) raw("  ");
}

void JsonText::open(char bracket, Layout layout) {
  separate();
  raw(bracket);
  if (depth_ < deepest) ++depth_; // deeper than any value can nest: separators suffer, memory does not
  levels_[depth_] = {true, pretty_ && layout == Layout::lines};
  if (levels_[depth_].lines) ++indent_;
}

void JsonText::close(char bracket) {
  const Level level = levels_[depth_];
  if (level.lines) {
    --indent_;
    if (!level.empty) new_line();
  }
  if (depth_ > 0) --depth_;
  levels_[depth_].empty = false;
  raw(bracket);
}

void JsonText::hex_number(std::uint64_t value) {
  std::array<char, 16> digits;
  const char* const end = std::to_chars(digits.begin(), digits.end(), value, 16).ptr;
  begin_value("\"0x");
  raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
  raw('"');
}

void JsonText::raw_real(double value) {
  if (!std::isfinite(value)) return raw("null");
  std::array<char, 32> text;
  const char* end =
      std::to_chars(text.data(), text.data() + text.size(), value).ptr; // the shortest that reads back
  const std::string_view spelled(text.data(), static_cast<std::size_t>(end - text.data()));
  raw(spelled);
  if (spelled.find_first_of(".e") == std::string_view::npos) raw(".0");
}

void JsonText::raw_hex(std::span<const std::byte> bytes) {
  const std::size_t piece = block_ / 4;
  while (!bytes.empty()) {
    const auto now = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(now.size());
    char* to = room(now.size() * 3 + 1); // each writes one more than it has
    for (const std::byte byte : now) {
      const auto& word = hex_table[static_cast<unsigned char>(byte)];
      std::memcpy(to, word.data(), word.size());
      to += 3;
    }
    used_ += now.size() * 3;
    if (bytes.empty()) --used_; // no blank behind the last
  }
}

void JsonText::quoted(std::string_view text) {
  raw('"');
  if (is_plain(text)) {
    raw(text);
  } else {
    for (const char c : valid_utf8(text)) {
      if (c == '"' || c == '\\')
        raw('\\'), raw(c);
      else if (static_cast<unsigned char>(c) >= 0x20)
        raw(c);
      else
        raw("\\u00"), raw(std::string_view(hex_table[static_cast<unsigned char>(c)].data(), 2));
    }
  }
  raw('"');
}

} // namespace mapscope::report
