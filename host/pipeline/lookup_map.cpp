// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/lookup_map.hpp"

#include "host/lookup/map_types.hpp"
#include "host/pipeline/lookup_fields.hpp"
#include "host/pipeline/lookup_taker.hpp"

#include "host/base/counted.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <linux/bpf.h>
#include <system_error>

namespace mapscope::pipeline {

namespace {

using report::Outcome;
using report::Status;

constexpr const char* blanked = "locks, timers, lists and kernel pointers in its values are not handed out";

Outcome not_seen(Status status, std::string why) {
  return {.status = status, .renderer = "", .entry_count = std::nullopt, .error = std::move(why)};
}

/// One that has gone since it was listed is no trouble.
Outcome not_opened(int error) {
  if (error == ENOENT) return not_seen(Status::skipped, "it is gone since the maps were listed");
  return not_seen(Status::unreadable,
                  fmt::format("it may not be opened: {}", std::generic_category().message(error)));
}

/// What of it is hidden from look-ups, whatever they were.
void add_lacks(const lookup::Access& access, const LookupTaker& taker, std::vector<std::string>& problems) {
  const bool is_empty_queue = access.way == lookup::Way::next && taker.seen() == 0;
  if (!access.lacks.empty() && !is_empty_queue) problems.push_back(access.lacks);
  if (taker.values().has_blanks())
    problems.push_back(fmt::format("{}; {}", blanked, lookup::shown_by_memory));
}

std::vector<std::string> limits_of(const LookupTaker& taker, const btf::Limits& limits,
                                   const report::MapWriter& writer) {
  std::vector<std::string> list = taker.cuts();
  if (taker.hidden() != 0)
    list.push_back(fmt::format("{} of {} entries shown; --limit 0 shows all", taker.seen() - taker.hidden(),
                               taker.seen()));
  for (auto& reason : report::cut_reasons(writer.cuts(), limits)) list.push_back(std::move(reason));
  return list;
}

std::vector<std::string> notes_of(const catalog::Map& map, const lookup::Walked& walked,
                                  const LookupTaker& taker) {
  std::vector<std::string> notes = map.type_notes;
  std::ranges::copy(taker.values().remarks(), std::back_inserter(notes));
  if (walked.moved) notes.emplace_back("entries that moved while the map was read are shown once");
  if (walked.unsteady != 0)
    notes.push_back(fmt::format("values that changed each time they were read, and may be of two times: {}",
                                walked.unsteady));
  if (taker.seen() == 0) return notes;
  switch (map.type) {
  case BPF_MAP_TYPE_DEVMAP:
  case BPF_MAP_TYPE_DEVMAP_HASH:
    notes.emplace_back("devices are told by their number, which each network namespace counts for itself");
    break;
  case BPF_MAP_TYPE_CPUMAP:
    notes.emplace_back("the threads of its CPUs are not told by bpf(2)");
    break;
  case BPF_MAP_TYPE_CGROUP_STORAGE:
  case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
    notes.emplace_back("control groups are told by their ids, and not by their paths");
    break;
  case BPF_MAP_TYPE_TASK_STORAGE:
  case lookup::map_type_cgrp_storage:
    notes.emplace_back("the addresses of owners are not told by bpf(2), and are shown as 0");
    break;
  default:
    break;
  }
  return notes;
}

/// Of a queue it is not known how many there are behind the first.
std::optional<std::uint64_t> count_of(const catalog::Map& map, const lookup::Access& access,
                                      const lookup::Walked& walked, const LookupTaker& taker) {
  if (access.way == lookup::Way::next && taker.seen() != 0 && map.max_entries != 1) return std::nullopt;
  if (taker.seen() == 0 && !walked.is_whole) return std::nullopt;
  return taker.seen();
}

/// Nothing seen of what could be asked for is something seen.
Status status_of(const lookup::Walked& walked, const LookupTaker& taker,
                 const std::vector<std::string>& problems, bool is_cut) {
  if (taker.time().is_spent()) return Status::timed_out;
  if (!problems.empty()) return taker.seen() == 0 && !walked.is_whole ? Status::unreadable : Status::partial;
  return is_cut ? Status::truncated : Status::complete;
}

Outcome outcome_of(const LookupContext& context, const catalog::Map& map, const lookup::Access& access,
                   const lookup::Walked& walked, const LookupTaker& taker, const report::MapWriter& writer) {
  std::vector<std::string> problems;
  if (!walked.why.empty()) problems.push_back(walked.why);
  if (walked.lost != 0) problems.push_back(counted(walked.lost, "value") + " could not be read");
  add_lacks(access, taker, problems);
  Outcome outcome;
  outcome.renderer = lookup_tag();
  outcome.limits = limits_of(taker, context.limits, writer);
  outcome.status = status_of(walked, taker, problems, !outcome.limits.empty());
  outcome.entry_count = count_of(map, access, walked, taker);
  if (taker.time().is_spent()) problems.insert(problems.begin(), taker.time().text());
  outcome.error = fmt::format("{}", fmt::join(problems, "; "));
  outcome.notes = notes_of(map, walked, taker);
  outcome.gave_up = taker.time().is_spent();
  return outcome;
}

Outcome with_record(const catalog::Map& map, Outcome outcome) {
  if (!map.problem) return outcome;
  outcome.status = report::graver(outcome.status, Status::partial);
  outcome.error = *map.problem + (outcome.error.empty() ? "" : "; " + outcome.error);
  return outcome;
}

} // namespace

std::string lookup_tag() { return fmt::format("{}@{}", lookup_renderer, MAPSCOPE_VERSION); }

Outcome show_lookups(const LookupContext& context, const catalog::Map& map, report::MapWriter& writer) {
  if (!map.is_read) return not_seen(Status::unreadable, map.problem.value_or(""));
  const lookup::Access access = lookup::access_of(map);
  if (access.way == lookup::Way::none) return not_seen(Status::skipped, access.lacks);
  const bool is_ring = access.way == lookup::Way::ring;
  const lookup::Descriptor fd = is_ring ? lookup::open_map_to_map(map.id) : lookup::open_map(map.id);
  if (!fd.is_open()) return not_opened(errno);
  if (is_ring) return with_record(map, show_ring(context, map, fd.get(), writer));
  const auto taker = make_taker(context, map, access, writer);
  const auto walked = lookup::walk(fd.get(), map, access, context.listing.cpus.possible.size(), *taker);
  taker->finish();
  return with_record(map, outcome_of(context, map, access, walked, *taker, writer));
}

} // namespace mapscope::pipeline
