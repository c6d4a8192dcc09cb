// SPDX-License-Identifier: Apache-2.0
// A decoded value as a sequence of events; what the report writers implement.
//
// One complete value is exactly one scalar event, or begin_x ... end_x with complete values between (inside a
// struct each is announced by member()). Views passed in are valid during the call only, except names
// (`type_name`, member and enumerator names), which live as long as the Types they come from. Thread rule:
// one visitor, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace mapscope::btf {

/// Something that is known of a value and is no member of its type.
using Fact = std::variant<bool, std::int64_t, std::uint64_t, std::string_view>;

/// The elements of an array behind those that a limit lets be shown.
struct LeftOut {
  bool zero = false;                          ///< they were looked at, and are all zero
  std::optional<std::uint64_t> not_zero = {}; ///< the first that is not, if one was found
};

/// A number that none of the other events can hold.
struct WideNumber {
  std::span<const std::byte> bytes;
  std::uint32_t bits = 0;
  std::string_view decimal; ///< "" when it cannot be told
  std::string_view format;  ///< how the bytes of a float were read; "" of an integer
  bool is_guess = false;    ///< the format is
};

/// What an unsigned number of 64 bits is in truth.
struct Cast {
  std::string_view space;   ///< where it leads: "kernel", "arena", "text" (code)
  std::string_view type;    ///< of what lies there; "" where it has none
  std::string_view why;     ///< what proves it
  std::uint64_t values = 0; ///< that the claim rests on
  /// Instructions of programs that say so: "program:12 file.c:34".
  std::span<const std::string> at = {};
};

class ValueVisitor {
public:
  virtual ~ValueVisitor() = default;

  /// Right before a value that is a bit field's: not every width tells.
  virtual void bit_field() {}
  virtual void signed_int(std::uint32_t bits, std::int64_t value) = 0;
  virtual void unsigned_int(std::uint32_t bits, std::uint64_t value) = 0;
  virtual void boolean(bool value) = 0;
  virtual void character(std::uint8_t value) = 0;
  virtual void real(std::uint32_t bits, double value) = 0;
  /// Integers of more than 64 bits, floats of other sizes than 4 and 8 bytes.
  virtual void wide_number(const WideNumber& number) = 0;
  /// `variant` is empty-optional when no constant has the value. `value` holds the two's complement of values
  /// above 2^63-1, `is_signed` says how to print it.
  virtual void enumeration(std::uint32_t bits, std::int64_t value, std::optional<std::string_view> variant,
                           bool is_signed) = 0;
  /// Structs, unions and data sections; nullopt for a type without a name.
  virtual void begin_struct(std::optional<std::string_view> type_name) = 0;
  virtual void member(std::string_view name) = 0;
  virtual void end_struct() = 0;
  /// `length` is as declared; fewer elements may follow.
  virtual void begin_array(std::uint64_t length) = 0;
  /// The same, of plain characters: a text up to its first 0, or its end.
  virtual void begin_text(std::uint64_t length) { begin_array(length); }
  /// Right before end_array().
  virtual void left_out(const LeftOut& rest) = 0;
  virtual void end_array() = 0;
  virtual void cpu_list(std::string_view ranges) = 0;
  virtual void pointer(std::uint64_t value) = 0;
  /// A pointer that leads somewhere: facts and lists follow, or deref() and the value there.
  virtual void begin_pointer(std::uint64_t value) = 0;
  virtual void deref() = 0;
  virtual void end_pointer() = 0;
  /// A number that is a pointer: facts follow, or deref() and the value there.
  virtual void begin_cast(std::uint64_t value, const Cast& cast) = 0;
  virtual void end_cast() = 0;
  /// In a pointer, and in a struct behind its last member. Names are literals.
  virtual void fact(std::string_view name, const Fact& fact) = 0;
  /// Where facts may stand: a named list of complete values.
  virtual void begin_values(std::string_view name) = 0;
  virtual void end_values() = 0;
  virtual void null() = 0; ///< in a list of values: one that is not there
  /// Raw bytes.
  virtual void bytes(std::span<const std::byte> value) = 0;
  /// The `.rodata.str1.1` form: printable text already escaped.
  virtual void text(std::string_view escaped) = 0;
  /// Data ended early; the partial value follows before end_truncated().
  virtual void begin_truncated(std::uint64_t needed, std::uint64_t had) = 0;
  virtual void end_truncated() = 0;
  virtual void unsupported(std::string_view reason) = 0;
};

} // namespace mapscope::btf
