// SPDX-License-Identifier: Apache-2.0
// A key as a person writes it: a number (12, 0x1f), text, JSON ({"pid":12}), or the key's members separated
// by commas (10,443). Bytes are written with blanks, or as one word behind hex:.
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
  [[nodiscard]] bool is(const Json& value) const;
  /// Whether the bytes, "0c 00" in a report, are this: where the key is bytes itself, or, of 1, 2, 4 or 8
  /// bytes without a type, the number.
  [[nodiscard]] bool is_bytes(std::string_view hex) const;
  [[nodiscard]] bool is_number_of(std::string_view hex) const;
  /// "hex:0c00" or "0c 00": bytes, whatever their type; as a report has them. "" = it is no bytes.
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] const std::string& text() const { return text_; }

private:
  static bool equals(const Json& value, const Json& wanted);
  static bool equals_struct(const Json& value, const Json& wanted);
  static bool equals_list(const Json& value, const Json& wanted);

  rapidjson::Document document_;
  std::string text_, bytes_;
};

} // namespace mapscope::plain
