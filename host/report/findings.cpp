// SPDX-License-Identifier: Apache-2.0
#include "host/report/findings.hpp"

#include "host/base/counted.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <iterator>

namespace mapscope::report {

namespace {

constexpr std::uint64_t worth_telling = 90; // percent
/// Percent: CPUs that add at the same time may put in a few too many.
constexpr std::uint64_t plausible = 110;

/// Rounded down; the whole is not 0.
std::uint64_t percent_of(std::uint64_t part, std::uint64_t whole) {
  constexpr double most = 1e9; // neither number is believed
  return static_cast<std::uint64_t>(
      std::min(100.0 * static_cast<double>(part) / static_cast<double>(whole), most));
}

std::string name_of(const catalog::Map& map) {
  const std::string name(map.names().longest());
  return name.empty() ? "(no name)" : name;
}

/// Types whose elements are as many as somebody added, and what the kernel answers when no more fit.
struct Bounded {
  std::string_view type;
  const char *added, *error;
};
constexpr Bounded bounded_types[] = {
    {"hash", "keys", "E2BIG"},          {"percpu_hash", "keys", "E2BIG"}, {"rhash", "keys", "E2BIG"},
    {"hash_of_maps", "keys", "E2BIG"},  {"devmap_hash", "keys", "E2BIG"}, {"sockhash", "keys", "E2BIG"},
    {"lpm_trie", "prefixes", "ENOSPC"}, {"queue", "values", "E2BIG"},     {"stack", "values", "E2BIG"},
};

/// How a map that is so full treats what is new; "" for types that are not bounded in this way. An LRU map
/// has no counter of what it throws out, and begins before it is full: each CPU keeps some free elements.
std::string effect_of(std::string_view type, std::uint64_t percent) {
  if (type == "lru_hash" || type == "lru_percpu_hash")
    return percent >= 100 ? "new keys throw out old entries" : "new keys may already throw out old entries";
  if (type == "stack_trace") return "new stacks are refused with EEXIST where another has their place";
  const auto* found = std::ranges::find(bounded_types, type, &Bounded::type);
  if (found == std::end(bounded_types)) return "";
  return fmt::format("new {} {} refused with {}", found->added, percent >= 100 ? "are" : "will soon be",
                     found->error);
}

/// A stack's hash says where it has to be: the kernel rounds up how many such places there are.
std::uint64_t places_in(const catalog::Map& map) {
  const std::uint64_t entries = map.max_entries;
  return map.type_name == "stack_trace" ? std::bit_ceil(entries) : entries;
}

std::optional<Finding> fullness(const catalog::Map& map, const Outcome& outcome) {
  if (!outcome.entry_count || map.max_entries == 0) return std::nullopt;
  if (map.max_entries == 1 && outcome.entry_count == 1) return std::nullopt; // made for one key, as cpudist's
  const std::uint64_t percent = percent_of(*outcome.entry_count, places_in(map));
  const std::string effect = effect_of(map.type_name, percent);
  if (percent < worth_telling || effect.empty()) return std::nullopt;
  if (percent > plausible)
    return Finding{"warning", map.id,
                   fmt::format("{} has {}, and its max_entries is {}: one of the two is damaged",
                               name_of(map), counted(*outcome.entry_count, "entry"), map.max_entries)};
  return Finding{map.type_name.starts_with("lru_") ? "info" : "warning", map.id,
                 fmt::format("{} is {} % full ({} of {} entries): {}", name_of(map), percent,
                             *outcome.entry_count, places_in(map), effect)};
}

/// A ring buffer refuses new records when its consumer is too far behind; in overwrite mode (6.19) the oldest
/// records go instead. Positions that cannot be true are the plugin's to tell.
std::optional<Finding> lag(const catalog::Map& map, const Seen& seen) {
  if (!seen.ring_capacity || !seen.ring_pending || *seen.ring_capacity == 0) return std::nullopt;
  const std::uint64_t pending = *seen.ring_pending, capacity = *seen.ring_capacity;
  const bool overwrites = std::ranges::count(map.flag_names, "BPF_F_RB_OVERWRITE") != 0;
  const auto say = [&](const char* severity, const char* effect) {
    return Finding{severity, map.id,
                   fmt::format("the consumer of {} lags by {} % of its capacity ({} of {} bytes): {}",
                               name_of(map), percent_of(pending, capacity), pending, capacity, effect)};
  };
  if (overwrites && pending > capacity)
    return say("info", "old records were overwritten before they were read");
  if (overwrites || pending > capacity || percent_of(pending, capacity) < worth_telling) return std::nullopt;
  return say("warning", "new records are dropped when it is full");
}

std::optional<Finding> trouble(const catalog::Map& map, const Outcome& outcome) {
  const auto say = [&](const char* severity, const char* what) {
    return Finding{
        severity, map.id,
        fmt::format("{} {}{}{}", name_of(map), what, outcome.error.empty() ? "" : ": ", outcome.error)};
  };
  const bool is_grief = outcome.status == Status::failed || outcome.status == Status::crashed ||
                        outcome.status == Status::timed_out;
  if (is_grief && !outcome.gave_up && !outcome.renderer.empty()) // the error tells of another plugin
    return say("warning", ("is shown by " + outcome.renderer + " in place of another plugin").c_str());
  switch (outcome.status) {
  case Status::partial:
    return say("warning", "is shown in part");
  case Status::unreadable:
    return say("error", "could not be read");
  case Status::failed:
    return say("error", "could not be shown as a whole");
  case Status::crashed:
    return say("error", "crashed its plugin");
  case Status::timed_out:
    return say("warning", "took too long");
  default:
    return std::nullopt;
  }
}

/// Values that point into an allocator's slots, and nobody to say what is in those.
std::optional<Finding> payloads(const catalog::Map& map, const Outcome& outcome) {
  if (outcome.lost_payloads == 0) return std::nullopt;
  return Finding{"info", map.id,
                 fmt::format("{} is shown without the payloads of {} among those shown: {}", name_of(map),
                             counted(outcome.lost_payloads, "entry"), outcome.no_payload)};
}

} // namespace

void Watch::field(const Field& field) {
  const bool opens = field.kind == FieldKind::object || field.kind == FieldKind::list;
  if (field.kind == FieldKind::end)
    --depth_;
  else if (opens && depth_++ == 0)
    in_ring_ = field.name == "ringbuf";
  else if (in_ring_ && depth_ == 1 && field.kind == FieldKind::number)
    note(field);
  to_.field(field);
}

void Watch::note(const Field& number) {
  if (number.name == "capacity") seen_.ring_capacity = number.number;
  if (number.name == "pending_bytes") seen_.ring_pending = number.number;
}

std::vector<Finding> findings_of(const catalog::Map& map, const Outcome& outcome, const Seen& seen) {
  std::vector<Finding> findings;
  if (auto found = trouble(map, outcome)) findings.push_back(std::move(*found));
  if (auto found = fullness(map, outcome)) findings.push_back(std::move(*found));
  if (auto found = lag(map, seen)) findings.push_back(std::move(*found));
  if (auto found = payloads(map, outcome)) findings.push_back(std::move(*found));
  return findings;
}

std::optional<std::uint64_t> percent_full(const catalog::Map& map, const Outcome& outcome, const Seen& seen) {
  if (seen.ring_pending && seen.ring_capacity.value_or(0) != 0)
    return percent_of(*seen.ring_pending, *seen.ring_capacity);
  if (!outcome.entry_count || map.max_entries == 0 || effect_of(map.type_name, 100).empty())
    return std::nullopt;
  return percent_of(*outcome.entry_count, map.max_entries);
}

} // namespace mapscope::report
