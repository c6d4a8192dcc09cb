// SPDX-License-Identifier: Apache-2.0
// The rows of a map in the order of one member, largest first: as many of the first as are wanted.
//
// Numbers come before texts (from a to z), and both before rows that have no such member; of equals the one
// that was found first. Refuses: to hold more than `most_bytes`; then the last go. Thread rule: one thread.
#pragma once

#include "host/plain/scalar.hpp"
#include "host/report/kept_row.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace mapscope::pipeline {

class RowOrder {
public:
  static constexpr std::size_t most_bytes = 256U << 20;

  /// `most`: rows that are wanted; 0 = all.
  explicit RowOrder(std::uint64_t most, std::size_t bytes = most_bytes) : most_(most), room_(bytes) {}

  /// `by`: null where the row has no such member. What is left in `row` is free to be used again; it may be
  /// null.
  void add(std::unique_ptr<report::KeptRow>& row, const plain::Scalar* by);
  /// In their order; then there are none.
  void hand_on(report::MapWriter& to);

  [[nodiscard]] bool lacks_room() const { return lacks_room_; }
  [[nodiscard]] std::uint64_t count() const { return held_.size(); }

private:
  struct Held {
    plain::Scalar by;
    std::uint64_t found = 0; ///< as the n-th
    std::unique_ptr<report::KeptRow> row;
  };
  static bool comes_before(const Held& one, const Held& other);
  std::unique_ptr<report::KeptRow> drop_last();

  std::uint64_t most_;
  std::size_t room_, bytes_ = 0;
  std::uint64_t added_ = 0;
  bool lacks_room_ = false;
  std::vector<Held> held_; ///< a heap, the last in front
};

} // namespace mapscope::pipeline
