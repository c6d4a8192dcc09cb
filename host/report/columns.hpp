// SPDX-License-Identifier: Apache-2.0
// What the numbers of one member have in common, over all values of a map that were looked at: a column, and
// not a cell, tells a pointer from a number that looks like one.
//
// Refuses: to hold more than `most_columns`; the numbers of the others speak for themselves alone. Thread
// rule: belongs to one thread while it is filled, and does not change behind that.
#pragma once

#include "host/btf/behind.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

namespace mapscope::report {

/// What one number is by what lies where it leads, as far as others can be the same.
struct Sort {
  std::string_view space;   ///< "kernel", "arena", "text"; "" = nothing speaks for a pointer
  std::string what;         ///< type, or what else is known of the place
  std::uint64_t offset = 0; ///< bytes into the object
  bool is_vague = false;    ///< it says no more than that something of a size lies there
  auto operator<=>(const Sort&) const = default;
};

class Columns {
public:
  /// What is claimed of one member.
  struct Claim {
    Sort sort;
    std::uint64_t values = 0; ///< that agree
    std::uint64_t others = 0; ///< that contradict
  };

  void add(const btf::Number& number, const Sort& sort);
  /// Nothing of a member that was not looked at.
  [[nodiscard]] std::optional<Claim> claim(const btf::Number& number) const;

private:
  static constexpr std::size_t most_columns = 1U << 12, most_sorts = 8;
  using Key = std::tuple<const btf::Types*, btf::TypeId, std::uint64_t>;
  struct Column {
    std::map<Sort, std::uint64_t> sorts;
    std::uint64_t numbers = 0; ///< all of them
  };
  static Key key_of(const btf::Number& number) {
    return {number.types, number.place.owner, number.place.offset};
  }
  std::map<Key, Column> columns_;
};

} // namespace mapscope::report
