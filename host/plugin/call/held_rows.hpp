// SPDX-License-Identifier: Apache-2.0
// The first rows of a map with their fields, held back until what their numbers have in common is known.
//
// Refuses: to hold more than `most_rows` and `most_bytes`. Thread rule: belongs to the thread that renders.
#pragma once

#include <mapscope/plugin.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace mapscope::plugin {

class HeldRows {
public:
  /// One row or field, with bytes of its own.
  struct Step {
    bool is_row = false;
    msc_row row{};
    std::uint64_t index = 0; ///< of the row
    msc_field field{};
    bool is_of_row = false; ///< a field of an open row
    std::vector<msc_value> copies;
    std::vector<std::byte> bytes;
    std::string name;
  };

  void add(const msc_row& row, std::uint64_t index);
  void add(const msc_field& field, bool is_of_row);
  [[nodiscard]] bool is_full() const { return steps_.size() >= most_steps || bytes_ >= most_bytes; }
  /// All of them, in order; there are none any more.
  std::deque<Step> take();

private:
  static constexpr std::size_t most_steps = 1U << 10, most_bytes = 1U << 20;
  void keep(Step& step, msc_value& value);

  std::deque<Step> steps_;
  std::size_t bytes_ = 0;
};

} // namespace mapscope::plugin
