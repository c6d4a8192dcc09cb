// SPDX-License-Identifier: Apache-2.0
#include "host/plain/cursor.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <utility>

namespace mapscope::plain {

namespace {

constexpr unsigned deepest = 512; ///< a value of 32 levels takes up to five each

enum class What : unsigned char { nothing, quote, open, close };

constexpr auto what_is = [] {
  std::array<What, 256> table{};
  table['"'] = What::quote;
  table['{'] = table['['] = What::open;
  table['}'] = table[']'] = What::close;
  return table;
}();

What what(char c) { return what_is[static_cast<unsigned char>(c)]; }

constexpr std::string_view blanks = " \t\r\n";

} // namespace

bool Cursor::fail() {
  is_broken_ = true;
  return false;
}

void Cursor::skip_blanks() {
  while (at_ < text_.size() && blanks.find(text_[at_]) != blanks.npos) ++at_;
}

char Cursor::peek() {
  skip_blanks();
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool Cursor::is_at_end() { return peek() == '\0' && at_ == text_.size(); }

bool Cursor::enter(char bracket) {
  if (is_broken_ || peek() != bracket) return false;
  ++at_;
  return is_fresh_ = true;
}

/// Over the comma to what comes, or over the end.
bool Cursor::next(char close) {
  if (is_broken_) return false;
  const bool is_first = std::exchange(is_fresh_, false);
  const char c = peek();
  if (c == close) return ++at_, false;
  if (is_first) return c != '\0' || fail();
  if (c != ',') return fail();
  ++at_;
  return peek() != close || fail();
}

bool Cursor::member(std::string_view& name) {
  if (!next('}')) return false;
  if (peek() != '"') return fail();
  const std::size_t begin = at_ + 1;
  if (!skip_string()) return false;
  name = text_.substr(begin, at_ - 1 - begin);
  if (peek() != ':') return fail();
  ++at_;
  return true;
}

bool Cursor::element() { return next(']'); }

/// Most of a report's text is in strings, and few have escapes: the quotes are looked for, as fast as memory
/// is.
bool Cursor::skip_string() {
  const std::size_t begin = at_ + 1;
  for (at_ = begin; (at_ = text_.find('"', at_)) != text_.npos; ++at_) {
    const std::string_view before = text_.substr(begin, at_ - begin);
    const std::size_t last = before.find_last_not_of('\\'), rest = last == before.npos ? 0 : last + 1;
    if ((before.size() - rest) % 2 == 0) return ++at_, true; // the backslashes in front are for each other
  }
  at_ = text_.size();
  return fail();
}

bool Cursor::skip_brackets() {
  unsigned depth = 0;
  std::bitset<deepest> are_lists;
  while (at_ < text_.size()) {
    switch (what(text_[at_])) {
    case What::nothing:
      ++at_;
      break;
    case What::quote:
      if (!skip_string()) return false;
      break;
    case What::open:
      if (depth == deepest) return fail();
      are_lists[depth++] = text_[at_++] == '[';
      break;
    case What::close:
      if (are_lists[--depth] != (text_[at_] == ']')) return fail();
      ++at_;
      if (depth == 0) return true;
      break;
    }
  }
  return fail();
}

std::string_view Cursor::value() {
  const char c = peek();
  const std::size_t begin = at_;
  is_fresh_ = false;
  if (is_broken_) return "";
  if (c == '"') {
    if (!skip_string()) return "";
  } else if (c == '{' || c == '[') {
    if (!skip_brackets()) return "";
  } else {
    at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    if (at_ == begin) return fail(), "";
  }
  return text_.substr(begin, at_ - begin);
}

} // namespace mapscope::plain
