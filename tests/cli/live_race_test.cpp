// SPDX-License-Identifier: Apache-2.0
// Reports of maps that several threads change as fast as they can. Each value says whose it is and whether it
// is whole: what a report calls complete has every key once, with a value that was there, and lacks none that
// was there all the time.
#include "own_map.hpp"

#include <array>
#include <atomic>
#include <bpf/libbpf.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <set>
#include <thread>

namespace mapscope::cli_test {
namespace {

constexpr std::uint32_t lasting = 64; ///< the first keys are never deleted

struct Race {
  const char* name = "";
  bpf_map_type type = BPF_MAP_TYPE_HASH;
  std::uint32_t flags = 0;
  bool keeps_all = true;
  const char* via = "peek";
  std::uint32_t most = 4096;
  std::uint32_t keys = 5000; ///< that come and go; more than there is room for
};

std::uint64_t mixed(std::uint64_t number) {
  number = (number ^ (number >> 31)) * 0x7fb5d329728ea185;
  return number ^ (number >> 27);
}

/// As long as a few cache lines, so that it takes a while to be copied.
struct Sealed {
  std::array<std::uint64_t, 24> words{};

  Sealed() = default;
  Sealed(std::uint32_t key, std::uint64_t count) {
    words[0] = key, words[1] = count;
    for (std::size_t i = 2; i < words.size(); ++i) words[i] = mixed(words[i - 1] + i * key + count);
  }
  [[nodiscard]] bool is_whole() const {
    return words == Sealed(static_cast<std::uint32_t>(words[0]), words[1]).words;
  }
};

unsigned digit(char text) { return static_cast<unsigned>(text <= '9' ? text - '0' : text - 'a' + 10); }
/// "0a 1b ..."
template <class T> T from_hex(std::string_view text) {
  std::array<std::byte, sizeof(T)> bytes{};
  EXPECT_EQ(text.size(), 3 * bytes.size() - 1);
  for (std::size_t i = 0; i < bytes.size() && 3 * i + 1 < text.size(); ++i)
    bytes[i] = static_cast<std::byte>(digit(text[3 * i]) << 4 | digit(text[3 * i + 1]));
  T value;
  std::memcpy(static_cast<void*>(&value), bytes.data(), sizeof value);
  return value;
}

/// A map under change for as long as it lives.
class Raced {
public:
  explicit Raced(const Race& race)
      : map_(race.type, "live_raced", {sizeof(std::uint32_t), sizeof(Sealed), race.most}, race.flags),
        keys_(race.keys),
        copies_(race.type == BPF_MAP_TYPE_PERCPU_HASH ? static_cast<std::size_t>(::libbpf_num_possible_cpus())
                                                      : 1) {
    if (!map_.is_made()) return;
    for (std::uint32_t key = 0; key < lasting; ++key) put(key, 0);
    for (std::uint32_t i = 0; i < 4; ++i) threads_.emplace_back([this, i] { change(i); });
  }
  ~Raced() { goes_on_ = false; }
  Raced(const Raced&) = delete;
  Raced& operator=(const Raced&) = delete;

  [[nodiscard]] const OwnMap& map() const { return map_; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

private:
  void put(std::uint32_t key, std::uint64_t count) const {
    const std::vector<Sealed> values(copies_, Sealed(key, count));
    (void)::bpf_map_update_elem(map_.fd(), &key, values.data(), BPF_ANY);
  }
  void change(std::uint64_t seed) {
    for (std::uint64_t count = 1, number = seed; goes_on_; ++count) {
      number = mixed(number + count);
      const auto key = static_cast<std::uint32_t>(number % keys_);
      if ((number >> 40) % 3 != 0 || key < lasting)
        put(key, count << 2 | seed);
      else
        (void)map_.remove(key);
      changes_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  OwnMap map_;
  std::uint32_t keys_;
  std::size_t copies_;
  std::atomic<bool> goes_on_ = true;
  std::atomic<std::uint64_t> changes_ = 0;
  std::vector<std::jthread> threads_;
};

/// What is wrong with one report, or with several.
struct Tally {
  unsigned reports = 0, complete = 0, of_two_times = 0;
  std::uint64_t entries = 0, repeated = 0, torn = 0, of_another = 0, lacking = 0;
  double slowest = 0;

  void add(const rapidjson::Value& shown, bool keeps_all) {
    ++reports;
    const bool is_complete = std::string_view(shown["status"].GetString()) == "complete";
    complete += is_complete ? 1 : 0;
    is_told_ = is_told(shown);
    of_two_times += is_told_ ? 1 : 0;
    std::set<std::uint32_t> seen;
    for (const char* list : {"entries", "percpu_hash_entries"})
      if (shown.HasMember(list))
        for (const auto& entry : shown[list].GetArray()) add_entry(entry, seen);
    if (!is_complete || !keeps_all) return;
    for (std::uint32_t key = 0; key < lasting; ++key) lacking += seen.contains(key) ? 0 : 1;
  }

private:
  /// That values may be mixed.
  static bool is_told(const rapidjson::Value& shown) {
    if (!shown.HasMember("notes")) return false;
    for (const auto& note : shown["notes"].GetArray())
      if (std::string_view(note.GetString()).contains("may be of two times")) return true;
    return false;
  }
  void add_entry(const rapidjson::Value& entry, std::set<std::uint32_t>& seen) {
    const auto key = from_hex<std::uint32_t>(entry["key_hex"].GetString());
    ++entries;
    repeated += seen.insert(key).second ? 0 : 1;
    if (entry.HasMember("value_hex")) add_value(key, entry["value_hex"].GetString());
    if (entry.HasMember("per_cpu_hex"))
      for (const auto& copy : entry["per_cpu_hex"].GetArray()) add_value(key, copy.GetString());
  }
  void add_value(std::uint32_t key, std::string_view hex) {
    const auto value = from_hex<Sealed>(hex);
    if (value.words[0] != key) ++of_another;
    if (!value.is_whole() && !is_told_) ++torn;
  }

  bool is_told_ = false;
};

void report_on(Tally& tally, const OwnMap& map, const Race& race) {
  const auto start = std::chrono::steady_clock::now();
  const auto report = map.shown({"--via", race.via});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  tally.slowest = std::max(tally.slowest, took.count());
  ASSERT_EQ(report["maps"].Size(), 1U);
  tally.add(report["maps"][0], race.keeps_all);
}

/// Of each map; MAPSCOPE_RACE_REPORTS=200 for a long look.
unsigned wanted_reports() {
  const char* const wanted = std::getenv("MAPSCOPE_RACE_REPORTS");
  return wanted != nullptr ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 10)) : 5;
}

void run(const Race& race) {
  const bool is_in_place = race.type == BPF_MAP_TYPE_PERCPU_HASH;
  if (::geteuid() != 0) GTEST_SKIP() << "takes root";
  const Raced raced(race);
  if (!raced.map().is_made()) GTEST_SKIP() << "no map can be made here: " << std::strerror(errno);
  Tally tally;
  for (unsigned i = 0; i < wanted_reports(); ++i) report_on(tally, raced.map(), race);
  std::cout << race.name << ": " << tally.reports << " reports, " << tally.complete << " complete, "
            << tally.of_two_times << " with values of two times; " << tally.entries << " entries, "
            << tally.repeated << " repeated, " << tally.torn << " torn, " << tally.of_another
            << " of another key, " << tally.lacking << " lacking; " << raced.changes()
            << " changes; slowest report " << tally.slowest << " s\n";
  EXPECT_EQ(tally.repeated, 0U);
  // Who writes in place may stand still in the middle of it (a virtual processor that has no turn), for as
  // long as two looks take.
  EXPECT_LE(tally.torn, is_in_place ? tally.reports : 0U);
  EXPECT_EQ(tally.of_another, 0U);
  EXPECT_EQ(tally.lacking, 0U);
  EXPECT_GT(raced.changes(), 0U);
}

/// An update puts a new element in place of the old one, which is used for another key at once.
TEST(LiveRace, AHash) { run({.name = "hash"}); }
/// The memory of elements goes back to an allocator, which writes to it.
TEST(LiveRace, AHashWithoutPreallocation) {
  run({.name = "hash, not preallocated", .flags = BPF_F_NO_PREALLOC});
}
/// Any key may be evicted, and values are written outside the bucket's lock.
TEST(LiveRace, AnLruHash) { run({.name = "lru_hash", .type = BPF_MAP_TYPE_LRU_HASH, .keeps_all = false}); }
/// An update writes to the copies in place.
TEST(LiveRace, APerCpuHash) { run({.name = "percpu_hash", .type = BPF_MAP_TYPE_PERCPU_HASH}); }
TEST(LiveRace, APerCpuHashWithoutPreallocation) {
  run({.name = "percpu_hash, not preallocated",
       .type = BPF_MAP_TYPE_PERCPU_HASH,
       .flags = BPF_F_NO_PREALLOC});
}

/// Many a call, with a bucket's lock for as long as it is copied.
TEST(LiveRace, AHashByLookUps) { run({.name = "hash by look-ups", .via = "bpf"}); }
TEST(LiveRace, AHashWithoutPreallocationByLookUps) {
  run({.name = "hash by look-ups, not preallocated", .flags = BPF_F_NO_PREALLOC, .via = "bpf"});
}
TEST(LiveRace, AnLruHashByLookUps) {
  run({.name = "lru_hash by look-ups", .type = BPF_MAP_TYPE_LRU_HASH, .keeps_all = false, .via = "bpf"});
}
/// Key by key and without a lock: the key that is asked for the next one may be gone, and an element be used
/// for another key while it is copied.
TEST(LiveRace, AHashKeyByKey) {
  run({.name = "hash key by key", .via = "bpf", .most = 1U << 17, .keys = 200});
}
TEST(LiveRace, AHashWithoutPreallocationKeyByKey) {
  run({.name = "hash key by key, not preallocated",
       .flags = BPF_F_NO_PREALLOC,
       .via = "bpf",
       .most = 1U << 17,
       .keys = 200});
}

} // namespace
} // namespace mapscope::cli_test
