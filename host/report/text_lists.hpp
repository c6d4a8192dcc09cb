// SPDX-License-Identifier: Apache-2.0
// Structs of one shape inside a value as a table: elements of a list, members of a struct, or what a chain of
// pointers goes through.
//
// Thread rule: pure.
#pragma once

#include "host/report/text_value.hpp"

#include <functional>
#include <optional>
#include <string>

namespace mapscope::report {

/// How what has no place in a row is put below it: what follows its name, from the colon or blank on.
using RestLines = std::function<std::string(const TextTree::Node&, unsigned column, unsigned indent)>;

struct TableForm {
  unsigned indent = 0;
  bool has_indexes = false; ///< elements of a list are told by their index, runs of equal ones by one row
};

/// A list of structs of one shape, or a struct of such, as the lines of a table that each begin with a
/// newline; nothing when it is no such list.
std::optional<std::string> table_lines(const TextTree& tree, const TextTree::Node& node, unsigned width,
                                       const TableForm& form, const RestLines& rest_lines);

/// What a pointer leads to and on, from struct to struct through the member that points to the next: behind
/// the pointer's address its line and the lines of a table. Nothing where there are less than three.
std::optional<std::string> chain_lines(const TextTree& tree, const TextTree::Node& pointer, unsigned width,
                                       unsigned indent, const RestLines& rest_lines);

} // namespace mapscope::report
