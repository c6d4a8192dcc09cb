// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/elements.hpp"

#include "host/base/counted.hpp"
#include "host/lookup/walks.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <system_error>
#include <vector>

namespace mapscope::lookup {

namespace {

constexpr std::size_t largest_value = 256U << 20;

std::size_t round_up(std::size_t size, std::size_t to) { return (size + to - 1) / to * to; }

bool is_hash(std::uint32_t type) {
  return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_PERCPU_HASH ||
         type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/// Kernels before 6.12 go over empty buckets without a pause, and no program runs on that CPU meanwhile: of a
/// table that may be mostly empty a few keys are asked for first.
constexpr std::uint32_t many_buckets = 1U << 16;
constexpr std::uint64_t few_keys = 256;

/// Enough for keys that come again from the first on, as the one that was asked for is gone.
std::uint64_t most_keys(const catalog::Map& map) { return 4 * std::uint64_t{map.max_entries} + (1U << 20); }

void end(Went went, Walked& walked) {
  walked.is_whole = went == Went::through && walked.lost == 0;
  if (went == Went::too_many) walked.why = "more keys came than the map may hold, as it changed meanwhile";
}

Walked by_batch_or_keys(const Subject& subject, Taker& taker) {
  Walked walked;
  Once once(taker, walked);
  Went went = Went::no_way;
  if (is_hash(subject.map.type) && subject.map.max_entries > many_buckets)
    went = by_keys(subject, few_keys, once, walked), once.begin_again();
  if (went == Went::no_way || went == Went::too_many) went = by_batch(subject, once);
  if (went == Went::no_way) once.begin_again(), went = by_keys(subject, most_keys(subject.map), once, walked);
  end(went, walked);
  return walked;
}

Walked by_keys(const Subject& subject, Taker& taker) {
  Walked walked;
  Once once(taker, walked);
  end(by_keys(subject, most_keys(subject.map), once, walked), walked);
  return walked;
}

/// `key` may be null: a queue's next.
Walked one(const Subject& subject, const std::uint32_t* key, Taker& taker) {
  Walked walked;
  std::vector<std::byte> value(subject.value);
  const bool is_there = ::bpf_map_lookup_elem(subject.fd, key, value.data()) == 0;
  if (is_there)
    walked.was_stopped = !taker.element({{}, value});
  else if (errno != ENOENT)
    ++walked.lost, walked.why = refusal(errno);
  walked.is_whole = walked.lost == 0;
  return walked;
}

} // namespace

std::string refusal(int error) {
  constexpr int not_supported = 524; // ENOTSUPP, include/linux/errno.h
  return error == not_supported ? "the kernel does not do it for this map"
                                : std::generic_category().message(error);
}

Went by_keys(const Subject& subject, std::uint64_t most, Once& once, Walked& walked) {
  std::vector<std::byte> key(subject.map.key_size), next(subject.map.key_size), value(subject.value);
  for (std::uint64_t i = 0; once.goes_on(); ++i) {
    if (::bpf_map_get_next_key(subject.fd, i == 0 ? nullptr : key.data(), next.data()) != 0) {
      if (errno == ENOENT) return Went::through;
      walked.why = fmt::format("its keys are not told: {}", refusal(errno));
      return Went::no_way;
    }
    if (i == most) return Went::too_many;
    std::swap(key, next);
    if (::bpf_map_lookup_elem(subject.fd, key.data(), value.data()) == 0) {
      if (!once.element(key, value)) return Went::stopped;
    } else if (errno != ENOENT) { // that is an empty slot, or one that is gone
      if (walked.lost++ == 0) walked.why = fmt::format("a look-up was refused: {}", refusal(errno));
    }
  }
  return Went::stopped;
}

std::size_t value_bytes(const catalog::Map& map, const Access& access, std::size_t possible_cpus) {
  return access.per_cpu ? round_up(map.value_size, 8) * possible_cpus : map.value_size;
}

Walked walk(int map_fd, const catalog::Map& map, const Access& access, std::size_t possible_cpus,
            Taker& taker) {
  const Subject subject{map_fd, map, value_bytes(map, access, possible_cpus)};
  Walked walked;
  if (subject.value > largest_value) {
    walked.why = fmt::format("its values are of {}, too many for a look-up", counted(subject.value, "byte"));
    return walked;
  }
  constexpr std::uint32_t first = 0;
  switch (access.way) {
  case Way::batch:
    return by_batch_or_keys(subject, taker);
  case Way::keys:
    return by_keys(subject, taker);
  case Way::next:
    return one(subject, nullptr, taker);
  case Way::only:
    return one(subject, &first, taker);
  case Way::tasks:
    of_tasks(subject, taker, walked);
    break;
  case Way::cgroups:
    of_cgroups(subject, taker, walked);
    break;
  default:
    break;
  }
  return walked;
}

} // namespace mapscope::lookup
