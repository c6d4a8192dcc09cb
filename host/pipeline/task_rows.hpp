// SPDX-License-Identifier: Apache-2.0
// What of a report belongs to one task: rows of maps that it owns, that say its pid, or that lead to it, and
// slots of allocators that say its pid where no such row shows the same.
//
// Found in a first pass, which writes nothing, by the rows' keys; a second shows the rows that have these. So
// an object that a row of somebody else shows first is not lost.
//
// Refuses: to take a number for a pid that nothing calls so, and to take a row for the task's because a
// neighbour of what it points to is: one pointer is looked behind, not more. Thread rule: writers may be used
// from several threads, each by one; the rest by one.
#pragma once

#include "host/report/writer.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::pipeline {

class TaskRows {
public:
  explicit TaskRows(std::uint32_t pid) : pid_(pid) {}

  /// Looks at a map, and writes nothing. Must not outlive this.
  [[nodiscard]] std::unique_ptr<report::MapWriter> finder();
  /// When all maps and allocators were looked at: what rows of the task show beside their values needs no
  /// place of its own.
  void leave_out_shown_slots();
  /// Hands on the rows of those that were found.
  [[nodiscard]] std::unique_ptr<report::MapWriter> only(std::unique_ptr<report::MapWriter> to) const;
  /// SPECs of the maps that have any.
  [[nodiscard]] std::vector<std::string> maps() const;
  /// Of those that allocators lie in of which a slot is the task's.
  [[nodiscard]] std::vector<std::string> sections() const;
  /// Whether the allocator has any.
  [[nodiscard]] bool has_slots(std::uint32_t section, std::string_view name) const;

private:
  class Finder;
  class Only;
  using Found = std::set<std::string>; ///< what tells a row from the others of its map

  std::uint32_t pid_;
  std::mutex mutex_;
  std::map<std::uint32_t, Found> rows_;                           ///< by map
  using Allocator = std::pair<std::uint32_t, std::string>;        ///< the map it lies in, and its name
  std::map<Allocator, std::map<std::string, std::string>> slots_; ///< what each holds, by what tells it
  std::map<std::uint32_t, std::set<std::string>> payloads_;       ///< that rows show, by map
};

/// Of what is no map: elements of lists that say the pid, with what they stand in. `is_found` is set when
/// there are any, and must live as long.
std::unique_ptr<report::MapWriter> only_of_task(std::unique_ptr<report::MapWriter> to, std::uint32_t pid,
                                                bool& is_found);

} // namespace mapscope::pipeline
