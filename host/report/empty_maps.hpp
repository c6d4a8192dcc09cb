// SPDX-License-Identifier: Apache-2.0
// Maps that are empty and that nothing but their ids tells apart, for people to be told of once: what is in a
// map of maps may be thousands of them.
//
// Refuses: maps that a program names, and few. Thread rule: const methods from any thread.
#pragma once

#include "host/report/writer.hpp"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <tuple>

namespace mapscope::report {

class EmptyMaps {
public:
  /// Fewer have a place of their own.
  static constexpr std::size_t least = 4;

  /// `map` is one of a report.
  void add(const catalog::Map& map);
  /// There are so many like it that it is told with them, should it be empty.
  [[nodiscard]] bool has_many_like(const catalog::Map& map) const;
  /// Nothing is to be said of the map but that it is empty.
  [[nodiscard]] static bool is_empty(const Outcome& outcome);
  [[nodiscard]] bool has(const MapLine& line) const {
    return has_many_like(*line.map) && is_empty(*line.outcome);
  }
  /// A line for those of one kind, with their ids.
  [[nodiscard]] std::string lines(std::span<const MapLine> maps, const Options& options) const;

  /// What maps that are alike have in common.
  using Kind = std::tuple<std::string, std::string, std::string, std::uint32_t, std::uint32_t, std::uint32_t,
                          std::uint32_t>;
  static Kind kind_of(const catalog::Map& map);

private:
  std::map<Kind, std::size_t> counts_;
};

} // namespace mapscope::report
