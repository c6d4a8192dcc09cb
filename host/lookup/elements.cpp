// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/elements.hpp"

#include "host/base/counted.hpp"
#include "host/lookup/map_types.hpp"
#include "host/lookup/walks.hpp"

#include <algorithm>
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

/// Hashes of maps are not among them: in 6.1, and no longer in 6.12, each look-up by key in them waits for a
/// grace period of RCU, and those of a batch do not.
bool is_hash(std::uint32_t type) {
  return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_PERCPU_HASH ||
         type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/// One key after the other.
class Keys {
public:
  explicit Keys(const Subject& subject)
      : fd_(subject.fd), key_(subject.map.key_size), next_(subject.map.key_size) {}
  /// 0, or an error of errno; ENOENT: that was the last.
  int next() {
    if (::bpf_map_get_next_key(fd_, begun_ ? key_.data() : nullptr, next_.data()) != 0) return errno;
    std::swap(key_, next_);
    begun_ = true;
    return 0;
  }
  [[nodiscard]] std::span<const std::byte> key() const { return key_; }

private:
  int fd_;
  std::vector<std::byte> key_, next_;
  bool begun_ = false;
};

/// Values by their keys. A look-up takes no lock, and an element of a hash is used for another key as soon as
/// it is deleted: what was copied may be that one's in part or as a whole, and is looked up until it comes
/// twice.
class Values {
public:
  explicit Values(const Subject& subject)
      : fd_(subject.fd), is_checked_(is_hash(subject.map.type)), value_(subject.value),
        again_(is_checked_ ? subject.value : 0) {}
  /// 0, or an error of errno.
  int look_up(std::span<const std::byte> key) {
    constexpr int most_looks = 8;
    is_unsteady_ = false;
    int error = copy(key, value_);
    for (int i = 1; is_checked_ && error == 0 && i < most_looks; ++i) {
      error = copy(key, again_);
      if (error == 0 && std::ranges::equal(value_, again_)) return 0;
      std::swap(value_, again_);
    }
    is_unsteady_ = is_checked_ && error == 0;
    return error;
  }
  [[nodiscard]] std::span<const std::byte> value() const { return value_; }
  /// It was another at each look.
  [[nodiscard]] bool is_unsteady() const { return is_unsteady_; }

private:
  [[nodiscard]] int copy(std::span<const std::byte> key, std::vector<std::byte>& to) const {
    return ::bpf_map_lookup_elem(fd_, key.data(), to.data()) == 0 ? 0 : errno;
  }

  int fd_;
  bool is_checked_, is_unsteady_ = false;
  std::vector<std::byte> value_, again_;
};

/// Kernels before 6.12 go over empty buckets without a pause, and no program runs on that CPU meanwhile: of a
/// table that may be mostly empty a few keys are asked for first.
bool has_few_keys(const Subject& subject) {
  constexpr std::uint32_t many_buckets = 1U << 16;
  constexpr int few = 256;
  if (!is_hash(subject.map.type) || subject.map.max_entries <= many_buckets) return false;
  Keys keys(subject);
  for (int i = 0; i < few; ++i)
    if (const int error = keys.next(); error != 0) return error == ENOENT;
  return false;
}

void end(Went went, Walked& walked) {
  walked.is_whole = went == Went::through && walked.lost == 0;
  if (went == Went::too_many)
    add_why(walked, "more keys came than the map may hold, as it changed meanwhile");
}

Went by_batch_or_keys(const Subject& subject, Once& once, Walked& walked) {
  if (has_few_keys(subject)) return by_keys(subject, most_keys(subject.map), once, walked);
  const Went went = by_batch(subject, once);
  if (went != Went::no_way) return went;
  once.begin_again();
  return by_keys(subject, most_keys(subject.map), once, walked);
}

/// A resizable hash puts its elements into another order as it grows or shrinks, and a walk over it meanwhile
/// passes some over (rhashtable_next_key(), lib/rhashtable.c): it is through when another finds no more.
Went until_no_more(const Subject& subject, Once& once, Walked& walked) {
  constexpr int most_walks = 4;
  for (int i = 0; i < most_walks; ++i) {
    const std::uint64_t before = once.count();
    const Went went = by_batch_or_keys(subject, once, walked);
    if (went != Went::through || once.count() == before) return went;
    once.begin_again();
  }
  walked.why = "it changed at each look, and some of it may be missing";
  return Went::stopped;
}

Walked by_batch_or_keys(const Subject& subject, Taker& taker) {
  Walked walked;
  Once once(taker, walked);
  const bool is_resizable = subject.map.type == map_type_rhash;
  end(is_resizable ? until_no_more(subject, once, walked) : by_batch_or_keys(subject, once, walked), walked);
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

void add_why(Walked& walked, const std::string& why) { walked.why += (walked.why.empty() ? "" : "; ") + why; }

std::uint64_t most_keys(const catalog::Map& map) { return 4 * std::uint64_t{map.max_entries} + (1U << 20); }

Went by_keys(const Subject& subject, std::uint64_t most, Once& once, Walked& walked) {
  Keys keys(subject);
  Values values(subject);
  for (std::uint64_t i = 0; once.goes_on(); ++i) {
    if (const int error = keys.next(); error != 0) {
      if (error == ENOENT) return Went::through;
      add_why(walked, fmt::format("its keys are not told: {}", refusal(error)));
      return Went::no_way;
    }
    if (i == most) return Went::too_many;
    const int error = values.look_up(keys.key());
    if (error == 0) {
      walked.unsteady += values.is_unsteady() ? 1 : 0;
      if (!once.element(keys.key(), values.value())) return Went::stopped;
    } else if (error != ENOENT && walked.lost++ == 0) { // that is an empty slot, or one that is gone
      add_why(walked, fmt::format("a look-up was refused: {}", refusal(error)));
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
  if (access.per_cpu && possible_cpus == 0) { // the kernel would write more copies than there is room for
    walked.why = "of how many CPUs it has copies is not told (/sys/devices/system/cpu/possible)";
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
