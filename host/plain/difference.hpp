// SPDX-License-Identifier: Apache-2.0
// What two snapshots of one source differ in: maps and entries that came or went, members that changed.
//
// Refuses: to call an entry gone, or new, of a map that is not shown as a whole on both sides. Thread rule:
// pure functions.
#pragma once

#include "host/plain/snapshot.hpp"

#include <optional>
#include <variant>

namespace mapscope::plain {

/// Between integers a whole number, exactly.
using Distance = std::variant<std::int64_t, double>;
double real(const Distance& distance);

struct Change {
  std::string key;            ///< "" of what is no entry
  std::string path;           ///< "stats.hits", "[3]"; "" = the value as a whole
  std::string from, to;       ///< JSON; "" = not there
  std::optional<Distance> by; ///< of numbers
};

struct PartDifference {
  enum class Fate : std::uint8_t { stayed, came, went };
  std::string name, type;
  std::uint32_t id = 0;
  Fate fate = Fate::stayed;
  std::vector<std::pair<std::string, std::string>> added{}; ///< key, JSON
  std::vector<std::string> gone{};                          ///< keys
  std::vector<Change> changed{};
  [[nodiscard]] bool is_none() const {
    return fate == Fate::stayed && added.empty() && gone.empty() && changed.empty();
  }
};

/// What changed of one thing, both in plain form; `path_to` is where in the entry they stand.
void add_changes(const std::string& key, const std::string& path_to, const Json& before, const Json& after,
                 std::vector<Change>& changes);

/// Those that differ, in the order of `after`, then what went.
std::vector<PartDifference> difference(const Snapshot& before, const Snapshot& after);

} // namespace mapscope::plain
