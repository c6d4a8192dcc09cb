// SPDX-License-Identifier: Apache-2.0
// JSON as text, written once from front to back: commas, indentation, escaping, numbers.
//
// Hand-made for one reason: a report of a million entries is mostly fixed text, and copying fixed text is
// several times faster than a general writer's token by token. The tests read everything back with an
// independent parser. Strings must be valid UTF-8; string() replaces what is not. Thread rule: one JsonText,
// one thread.
#pragma once

#include "host/report/writer.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace mapscope::report {

class JsonText {
public:
  /// `depth` indents everything by so many levels: a map inside the report's array.
  /// Text is handed on in pieces of up to twice `block` bytes.
  JsonText(Stream& stream, bool pretty, bool big_numbers_as_strings, unsigned depth = 0,
           std::size_t block = most_at_once);
  ~JsonText() { flush(); }
  JsonText(const JsonText&) = delete;
  JsonText& operator=(const JsonText&) = delete;

  /// Whether the parts of an object or array stand on lines of their own when the text is pretty.
  enum class Layout : bool { one_line, lines };

  void begin_object(Layout layout = Layout::one_line) { open('{', layout); }
  void end_object() { close('}'); }
  void begin_array(Layout layout = Layout::one_line) { open('[', layout); }
  void end_array() { close(']'); }

  /// `name` is written as it is: a literal, or escaped before.
  void key(std::string_view name) {
    separate();
    raw('"'), raw(name), raw(pretty_ ? "\": " : "\":");
    after_key_ = true;
  }
  /// The same, of a name that may need to be escaped.
  void member(std::string_view name) {
    separate(), quoted(name), raw(pretty_ ? ": " : ":");
    after_key_ = true;
  }
  /// `fragment` begins a value and is written as it is; what follows goes on with raw() and the number
  /// functions.
  void begin_value(std::string_view fragment) { separate(), raw(fragment); }

  /// A value that is an integer between two pieces of text: nearly all of a typed report is such.
  template <class T> void value_of(std::string_view before, T value, char behind) {
    separate();
    char* to = room(before.size() + longest_integer + 1);
    std::memcpy(to, before.data(), before.size());
    to = put(to + before.size(), value);
    *to++ = behind;
    used_ = static_cast<std::size_t>(to - buffer_.get());
  }

  void string(std::string_view text) { separate(), quoted(text); }
  void number(std::uint64_t value) { separate(), raw_number(value); }
  void number(std::int64_t value) { separate(), raw_number(value); }
  void real(double value) { separate(), raw_real(value); }
  void boolean(bool value) { separate(), raw(value ? "true" : "false"); }
  void null() { separate(), raw("null"); }
  /// Of memory: a number, or a string behind write_addresses_in_hex().
  void address(std::uint64_t value) { hex_addresses_ ? hex_number(value) : number(value); }
  void hex_number(std::uint64_t value); ///< "0xffff888000000000"
  void write_addresses_in_hex() { hex_addresses_ = true; }
  void hex(std::span<const std::byte> bytes) { separate(), raw('"'), raw_hex(bytes), raw('"'); }

  void raw(char c) { *room(1) = c, used_ += 1; }
  void raw(std::string_view text) {
    if (text.size() > block_) return raw_long(text);
    std::memcpy(room(text.size()), text.data(), text.size());
    used_ += text.size();
  }
  void raw_number(std::uint64_t value) { integer(value); }
  void raw_number(std::int64_t value) { integer(value); }
  void raw_real(double value); ///< null when it is not finite
  void raw_hex(std::span<const std::byte> bytes);
  void quoted(std::string_view text);

  /// Behind a value that stands on a line of its own.
  void end_line() { raw('\n'), begin_anew(); }
  /// The next value stands behind none.
  void begin_anew() { levels_[0].empty = true; }
  void flush();
  /// What has not been handed on is as if somebody else had written it: the next value stands behind one.
  void forget() { used_ = 0, levels_[depth_].empty = false, after_key_ = false; }

private:
  static constexpr std::size_t most_at_once = 64U << 10;
  static constexpr std::uint64_t exact = 1ULL << 53; ///< a double holds every integer up to here
  static constexpr std::size_t longest_integer = 24; ///< with quotes
  static constexpr unsigned deepest = 255; ///< up to five levels a nesting of values, and the report's own

  void open(char bracket, Layout layout);
  void close(char bracket);
  void new_line();
  void raw_long(std::string_view text);

  /// Before a value or key: the comma and, on lines of its own, the indentation.
  void separate() {
    if (after_key_) {
      after_key_ = false;
      return;
    }
    Level& level = levels_[depth_];
    if (!level.empty) raw(',');
    level.empty = false;
    if (level.lines) new_line();
  }

  char* room(std::size_t size) {
    if (used_ + size > 2 * block_) flush();
    return buffer_.get() + used_;
  }

  static bool is_big(std::uint64_t value) { return value > exact; }
  static bool is_big(std::int64_t value) {
    return value > static_cast<std::int64_t>(exact) || value < -static_cast<std::int64_t>(exact);
  }
  template <class T> void integer(T value) {
    char* const at = room(longest_integer);
    used_ += static_cast<std::size_t>(put(at, value) - at);
  }
  /// Where there is room for the longest; returns its end.
  template <class T> char* put(char* to, T value) const {
    const bool quote = big_as_strings_ && is_big(value);
    if (quote) *to++ = '"';
    to = std::to_chars(to, to + longest_integer - 2, value).ptr;
    if (quote) *to++ = '"';
    return to;
  }

  struct Level {
    bool empty = true, lines = false;
  };

  Stream& stream_;
  bool pretty_, big_as_strings_, after_key_ = false, hex_addresses_ = false;
  unsigned indent_, depth_ = 0;
  std::array<Level, deepest + 1> levels_{};
  std::size_t block_;
  std::unique_ptr<char[]> buffer_; ///< 2 * block_
  std::size_t used_ = 0;
};

} // namespace mapscope::report
