// SPDX-License-Identifier: Apache-2.0
// The rows of a map: a table where they are of one shape, else each on lines of its own.
//
// The first rows are held back in both forms until it is clear which reads better; from then on each is made
// in that form alone and goes out. Thread rule: one object, one thread.
#pragma once

#include "host/report/text_table.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::report {

struct TextRow {
  TableRow cells;
  std::string plain;     ///< the row without a table, with a newline at its end
  bool is_flat = false;  ///< key and value are scalars or structs of such, and there is nothing else
  bool is_other = false; ///< the value has no cells
};

class TextRows {
public:
  using Put = std::function<void(std::string_view)>;
  TextRows(unsigned width, unsigned indent, Put put) : put_(std::move(put)), table_(width, indent) {}

  /// Which forms of the next row will be looked at.
  [[nodiscard]] bool wants_plain() const { return form_ != Form::table; }
  [[nodiscard]] bool wants_cells() const { return form_ != Form::plain; }
  void add(TextRow row);
  /// Something else follows the rows: what is held back goes out.
  void leave();

private:
  enum class Form : std::uint8_t { open, table, plain };
  void decide(bool is_all);
  [[nodiscard]] bool may_be_table() const;

  Put put_;
  Form form_ = Form::open;
  TextTable table_;
  std::vector<TextRow> held_; ///< without their cells, which the table holds
  std::size_t held_bytes_ = 0;
};

} // namespace mapscope::report
