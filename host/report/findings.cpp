// SPDX-License-Identifier: Apache-2.0
#include "host/report/findings.hpp"

#include <fmt/format.h>

namespace mapscope::report {

namespace {

bool counts_against_maximum(const catalog::Map& map) {
  return map.type_name == "hash" || map.type_name == "percpu_hash" || map.type_name == "lru_hash" ||
         map.type_name == "lru_percpu_hash";
}

/// A hash map refuses new keys when it is full (E2BIG); an LRU map throws old ones out.
std::optional<Finding> fullness(const catalog::Map& map, const Outcome& outcome) {
  constexpr std::uint64_t worth_telling = 90; // percent
  if (!counts_against_maximum(map) || !outcome.entry_count || map.max_entries == 0) return std::nullopt;
  const std::uint64_t percent = *outcome.entry_count * 100 / map.max_entries;
  if (percent < worth_telling) return std::nullopt;
  const bool evicts = map.type_name.starts_with("lru_");
  const char* effect = evicts           ? "old entries are being thrown out"
                       : percent >= 100 ? "new keys are refused with E2BIG"
                                        : "new keys will soon be refused with E2BIG";
  return Finding{evicts ? "info" : "warning", map.id,
                 fmt::format("{} is {} % full ({} of {} entries): {}", map.name, percent,
                             *outcome.entry_count, map.max_entries, effect)};
}

std::optional<Finding> trouble(const catalog::Map& map, const Outcome& outcome) {
  const auto say = [&](const char* severity, const char* what) {
    return Finding{
        severity, map.id,
        fmt::format("{} {}{}{}", map.name, what, outcome.error.empty() ? "" : ": ", outcome.error)};
  };
  switch (outcome.status) {
  case Status::partial:
    return say("warning", "is shown in part");
  case Status::unreadable:
    return say("error", "could not be read");
  case Status::failed:
    return say("error", "was given up by its plugin");
  case Status::crashed:
    return say("error", "crashed its plugin");
  case Status::timed_out:
    return say("warning", "took too long");
  default:
    return std::nullopt;
  }
}

} // namespace

std::vector<Finding> findings_of(const catalog::Map& map, const Outcome& outcome) {
  std::vector<Finding> findings;
  if (auto found = trouble(map, outcome)) findings.push_back(std::move(*found));
  if (auto found = fullness(map, outcome)) findings.push_back(std::move(*found));
  return findings;
}

} // namespace mapscope::report
