// SPDX-License-Identifier: Apache-2.0
// JSON text, passed over from front to back without being taken apart: where each member and element stands.
//
// For reports that are too large to be held as values: what is looked at is parsed from its own text.
// Refuses: to check what it passes over beyond brackets and strings, which whoever parses the text does; text
// that is nested deeper than any report, since others go into it by calls. Thread rule: one cursor, one
// thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace mapscope::plain {

class Cursor {
public:
  explicit Cursor(std::string_view text) : text_(text) {}

  /// Into an object or a list, before its first member or element. False: the value that comes is none.
  bool enter(char bracket);
  /// To the next member's value; `name` is what stands between its quotes, escapes and all. False: there is
  /// none, and the object is behind; or is_broken().
  bool member(std::string_view& name);
  bool element();
  /// The value that comes, which is passed over. "" where the text is broken.
  std::string_view value();
  /// The first character of the value that comes; 0 at the end of the text.
  char peek();

  /// It is no JSON at offset(), or ends there too early.
  [[nodiscard]] bool is_broken() const { return is_broken_; }
  [[nodiscard]] bool is_at_end();
  [[nodiscard]] std::size_t offset() const { return at_; }

private:
  bool next(char close);
  bool fail();
  void skip_blanks();
  bool skip_string();
  bool skip_brackets();

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_fresh_ = false; ///< right behind an opening bracket
  bool is_broken_ = false;
};

} // namespace mapscope::plain
