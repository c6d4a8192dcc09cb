// SPDX-License-Identifier: Apache-2.0
// Rows of flat values as an aligned table. The first rows are held back to find the columns' widths; the rest
// streams.
//
// Thread rule: one table, one thread.
#pragma once

#include "host/report/text_value.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mapscope::report {

/// One key or value cut into cells: a flat struct has one a member, a scalar one in all.
struct Cells {
  std::vector<std::string> names, texts;
};

/// Nothing when the value is neither a scalar nor a struct of named scalars.
std::optional<Cells> flat_cells(const TextTree& tree, const std::string& scalar_name);

class TextTable {
public:
  /// True when the row has the table's columns; the first row decides them.
  [[nodiscard]] bool takes(const Cells& key, const Cells& value) const;
  void add(const Cells& key, const Cells& value);
  /// True once enough rows are held back to know the widths.
  [[nodiscard]] bool ready() const { return rows_.size() >= look_ahead; }
  [[nodiscard]] bool empty() const { return names_.empty(); }
  /// Columns of a row with the widths known so far.
  [[nodiscard]] std::size_t width() const;
  /// Heading (once) and the held rows as lines, which are then forgotten.
  [[nodiscard]] std::string take_lines();

private:
  static constexpr std::size_t look_ahead = 64;
  [[nodiscard]] std::string line(const std::vector<std::string>& cells) const;

  std::vector<std::string> names_;
  std::size_t key_columns_ = 0;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
  bool headed_ = false;
};

} // namespace mapscope::report
