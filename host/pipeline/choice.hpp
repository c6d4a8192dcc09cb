// SPDX-License-Identifier: Apache-2.0
// Which entries of maps a report shows, and in which order: those that satisfy a condition, that have a key,
// the largest by a member, the first so many. What was left out is told with each map.
// Entries are rows, and what maps list among their fields: records of ring buffers, stacks, slots of fd
// arrays.
//
// Refuses: to choose among other lists of a map, such as pages of an arena; these stay. Thread rule: writers
// may be used from several threads, each by one; the rest by one.
#pragma once

#include "host/config/config.hpp"
#include "host/pipeline/wanted_entries.hpp"
#include "host/plain/condition.hpp"
#include "host/plain/key.hpp"
#include "host/report/writer.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::pipeline {

struct Request;

class Choice {
public:
  /// Errors (usage): what is no condition, no key, or no path.
  static Result<std::unique_ptr<Choice>> parse(const WantedEntries& wanted);
  Choice(const Choice&) = delete;
  Choice& operator=(const Choice&) = delete;

  /// Of other maps everything stays.
  void only_in(std::uint32_t map_id) { only_map_ = map_id; }
  /// Leaves of the request what is chosen. Limits of entries are for that: the configuration has none behind
  /// this. The request must not outlive it.
  void narrow(config::Config& config, Request& request);
  /// Hands on what is chosen. Must not outlive this.
  [[nodiscard]] std::unique_ptr<report::MapWriter> writer(std::unique_ptr<report::MapWriter> to);

  /// When all is written. Errors (usage): there were entries, and none of any map has a member that was
  /// asked for.
  [[nodiscard]] Result<void> check() const;
  /// Maps of which a limit left out entries that are chosen; "" where none.
  [[nodiscard]] std::string shortfall() const;

private:
  Choice() = default;
  class Writer;
  /// What one map's entries had.
  struct Seen {
    std::uint64_t entries = 0;
    std::vector<bool> has;          ///< for each of asked_
    std::vector<std::string> names; ///< that members have, where one was not found
    bool is_cut = false;
  };
  void keep(const std::string& map, const Seen& seen);
  [[nodiscard]] std::string missing(std::size_t asked, const std::vector<std::string>& names) const;

  std::optional<plain::Condition> where_;
  std::optional<plain::Key> key_;
  std::optional<std::size_t> sort_; ///< one of asked_
  std::optional<std::uint64_t> top_;
  std::vector<plain::Condition::Member> asked_; ///< those of where_, and behind them that of --sort
  std::optional<std::uint32_t> only_map_;
  config::Config limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Seen> seen_; ///< a map may be shown again
};

} // namespace mapscope::pipeline
