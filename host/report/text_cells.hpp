// SPDX-License-Identifier: Apache-2.0
// A decoded value cut into the cells of a table's row.
//
// Structs inside are told by their members ("owner.pid"), and so is what a pointer points to
// ("taskc->pid"); lists are one cell where they are short. Thread rule: pure.
#pragma once

#include "host/report/text_table.hpp"
#include "host/report/text_value.hpp"

#include <string>
#include <vector>

namespace mapscope::report {

/// What of a value has no place in a row: it has lines of its own.
struct Rest {
  std::string path;
  const TextTree::Node* node = nullptr;
};

/// The value's cells behind those the row has; `path` is what it is called itself, "" for a struct that is
/// the row. Returns what does not go into cells.
std::vector<Rest> add_cells(const TextTree& tree, const TextTree::Node& node, unsigned part,
                            const std::string& path, TableRow& row);

/// The same of a struct that a chain of pointers goes through: none of its pointers is followed in its row.
std::vector<Rest> add_link_cells(const TextTree& tree, const TextTree::Node& node, unsigned part,
                                 const std::string& path, TableRow& row);

/// Nothing but scalars, so that also one alone reads well as the row of a table.
bool is_flat(const TextTree& tree);

} // namespace mapscope::report
