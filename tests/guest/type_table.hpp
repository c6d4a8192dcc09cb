// SPDX-License-Identifier: Apache-2.0
// What was compared, by the type of map and by what it was compared on: a kernel, and a way to look at it.
#pragma once

#include "expected.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::guest {

class TypeTable {
public:
  struct Cell {
    Tally tally;
    unsigned maps = 0;
    unsigned in_part = 0, not_at_all = 0; ///< of them, as the way shows no more
    void add(const Cell& other);
  };

  Cell& of(const std::string& type, const std::string& column);
  /// That kernel has no such maps.
  void add_unknown(const std::string& type, const std::string& column);

  /// equal/compared, and how many maps show less than they have; "-" where none was compared.
  void print() const;
  /// Fails where all maps of a type were to be seen, and nothing was compared.
  void expect_all_types() const;

private:
  static std::string text(const std::optional<Cell>& cell);

  std::vector<std::string> columns_;
  std::map<std::string, std::map<std::string, std::optional<Cell>>> rows_;
};

} // namespace mapscope::guest
