// SPDX-License-Identifier: Apache-2.0
// The members of an object in a report's text, each parsed when it is asked for.
//
// What is not there and what is of another form than asked for is the same: nothing. Refuses: to own the
// text. Thread rule: immutable once made.
#pragma once

#include "host/plain/value.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plain {

class Cursor;

class Object {
public:
  struct Member {
    std::string_view name; ///< escapes and all
    std::string_view text; ///< JSON
  };

  Object() = default;
  /// `text` is an object, or there are no members.
  explicit Object(std::string_view text);
  /// What comes next, if it is an object: the cursor then stands behind it, or is broken.
  explicit Object(Cursor& at);

  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  /// JSON; "" where there is no such member. Of several of one name the first counts.
  [[nodiscard]] std::string_view find(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  /// Also in quotes: report.big_numbers.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint32_t> small_number(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> signed_number(std::string_view name) const;
  [[nodiscard]] std::optional<double> real(std::string_view name) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view name) const;
  /// Those elements of the list that are such.
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  [[nodiscard]] std::vector<std::uint32_t> small_numbers(std::string_view name) const;

private:
  std::vector<Member> members_;
};

/// The elements of a list; none where the text is no list.
std::vector<std::string_view> elements_of(std::string_view text);

/// A decoded value: it says of what kind it is first.
bool is_value_text(std::string_view text);

/// Of a string.
std::string_view characters(const Json& string);
/// A string of JSON, and a member's name, as they are meant.
std::optional<std::string> text_of(std::string_view json);
std::string name_of(std::string_view escaped);
/// A number of a report, which may stand in quotes.
std::optional<std::uint64_t> number_of(const Json& value);
std::optional<std::int64_t> signed_number_of(const Json& value);

/// A value that is parsed again and again in the same memory.
class Piece {
public:
  Piece();
  /// Null where the text is no JSON; problem() says why.
  const Json* parse(std::string_view text);
  [[nodiscard]] std::string problem() const;

private:
  std::unique_ptr<char[]> buffer_; ///< not initialised, which would take longer than to parse a row
  rapidjson::MemoryPoolAllocator<> memory_;
  rapidjson::GenericDocument<rapidjson::UTF8<>> document_;
};

} // namespace mapscope::plain
