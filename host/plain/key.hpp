// SPDX-License-Identifier: Apache-2.0
// A key as a person writes it: a number (12, 0x1f), text, JSON ({"pid":12}), or the key's members separated
// by commas (10,443).
//
// Refuses: to take a part of a key for it, but for an object, which need not name all members. Thread rule:
// immutable once made.
#pragma once

#include "host/plain/value.hpp"

#include <string_view>

namespace mapscope::plain {

class Key {
public:
  /// Errors (usage): text that begins as JSON does and is none.
  static Result<Key> parse(const std::string& text);

  /// Whether a value of a report (or a number or a string beside one) is this key.
  [[nodiscard]] bool is(const Json& value) const { return equals(value, document_); }
  /// Whether bytes without a type, "0c 00", are this: written the same way, with or without blanks, or the
  /// number that they are in a key of 1, 2, 4 or 8 bytes.
  [[nodiscard]] bool is_bytes(std::string_view hex) const;
  [[nodiscard]] const std::string& text() const { return text_; }

private:
  static bool equals(const Json& value, const Json& wanted);
  static bool equals_struct(const Json& value, const Json& wanted);
  static bool equals_list(const Json& value, const Json& wanted);

  rapidjson::Document document_;
  std::string text_;
};

} // namespace mapscope::plain
