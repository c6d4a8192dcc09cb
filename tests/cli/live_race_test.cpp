// SPDX-License-Identifier: Apache-2.0
// Reports of maps that several threads change as fast as they can. Each value says whose it is and whether it
// is whole: what a report calls complete has every key once, with a value that was there, and lacks none that
// was there all the time.
#include "own_map.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bpf/libbpf.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <iostream>
#include <map>
#include <set>
#include <span>
#include <thread>

namespace mapscope::cli_test {
namespace {

constexpr std::uint32_t lasting = 64; ///< the first keys are never deleted

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

/// What is made of a number to be a key, and back.
struct Shape {
  const char* name;
  bpf_map_type type;
  std::uint32_t flags = 0;
  bool keeps_all = true;    ///< what is not deleted stays
  bool is_in_place = false; ///< values are written where they are
  const char* via = "peek";
  std::uint32_t most = 4096;
  std::uint32_t keys = 5000; ///< that come and go; more than there is room for
  [[nodiscard]] bool is_per_cpu() const {
    return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY;
  }
  [[nodiscard]] bool is_array() const {
    return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
  }
  /// Of a trie: the number without up to three bits at its end, so that some stand above others.
  [[nodiscard]] std::size_t key_size() const { return type == BPF_MAP_TYPE_LPM_TRIE ? 8 : 4; }
  [[nodiscard]] std::array<std::uint32_t, 2> key(std::uint32_t number) const {
    if (type != BPF_MAP_TYPE_LPM_TRIE) return {number, 0};
    const std::uint32_t cut = number % 4;
    return {32 - cut, __builtin_bswap32(number >> cut << cut)};
  }
};

/// A map under change for as long as it lives.
class Raced {
public:
  explicit Raced(const Shape& shape)
      : shape_(shape),
        map_(shape.type, "live_raced",
             {static_cast<std::uint32_t>(shape.key_size()), sizeof(Sealed), shape.most}, shape.flags),
        copies_(shape.is_per_cpu() ? static_cast<std::size_t>(::libbpf_num_possible_cpus()) : 1) {
    if (!map_.is_made()) return;
    for (std::uint32_t number = 0; number < (shape.is_array() ? shape.most : lasting); ++number)
      put(number, 0);
    for (std::uint32_t i = 0; i < 4; ++i) threads_.emplace_back([this, i] { change(i); });
  }
  ~Raced() { goes_on_ = false; }
  Raced(const Raced&) = delete;
  Raced& operator=(const Raced&) = delete;

  [[nodiscard]] const OwnMap& map() const { return map_; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

private:
  void put(std::uint32_t number, std::uint64_t count) const {
    const std::vector<Sealed> values(copies_, Sealed(number, count));
    const auto key = shape_.key(number);
    (void)::bpf_map_update_elem(map_.fd(), key.data(), values.data(), BPF_ANY);
  }
  void change(std::uint64_t seed) {
    for (std::uint64_t count = 1, random = seed; goes_on_; ++count) {
      random = mixed(random + count);
      const auto number =
          static_cast<std::uint32_t>(random % (shape_.is_array() ? shape_.most : shape_.keys));
      if ((random >> 40) % 3 != 0 || number < lasting || shape_.is_array())
        put(number, count << 2 | seed);
      else
        (void)map_.remove(shape_.key(number));
      changes_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  Shape shape_;
  OwnMap map_;
  std::size_t copies_;
  std::atomic<bool> goes_on_ = true;
  std::atomic<std::uint64_t> changes_ = 0;
  std::vector<std::jthread> threads_;
};

/// What is wrong with one report, or with several.
class Tally {
public:
  explicit Tally(const Shape& shape) : shape_(shape) {
    for (std::uint32_t number = 0; number < shape.keys; ++number) numbers_[hex_of(number)].push_back(number);
  }
  unsigned reports = 0, complete = 0, of_two_times = 0;
  std::uint64_t entries = 0, repeated = 0, torn = 0, of_another = 0, lacking = 0, unknown = 0, missing = 0;
  double slowest = 0;

  void add(const rapidjson::Value& shown) {
    ++reports;
    const bool is_complete = std::string_view(shown["status"].GetString()) == "complete";
    complete += is_complete ? 1 : 0;
    is_told_ = is_told(shown);
    of_two_times += is_told_ ? 1 : 0;
    std::set<std::string> seen;
    for (const char* list : {"entries", "percpu_hash_entries", "array_entries", "percpu_entries"})
      if (shown.HasMember(list))
        for (const auto& entry : shown[list].GetArray()) add_entry(entry, seen);
    if (!is_complete || !shape_.keeps_all) return;
    for (std::uint32_t number = 0; number < lasting; ++number)
      lacking += seen.contains(hex_of(number)) ? 0 : 1;
  }

private:
  /// That values may be mixed.
  static bool is_told(const rapidjson::Value& shown) {
    if (!shown.HasMember("notes")) return false;
    for (const auto& note : shown["notes"].GetArray())
      if (std::string_view(note.GetString()).contains("may be of two times")) return true;
    return false;
  }
  [[nodiscard]] std::string hex_of(std::uint32_t number) const {
    const auto key = shape_.key(number);
    std::string hex;
    for (const std::byte byte : std::as_bytes(std::span(key)).first(shape_.key_size()))
      hex += fmt::format("{}{:02x}", hex.empty() ? "" : " ", static_cast<unsigned>(byte));
    return hex;
  }
  void add_entry(const rapidjson::Value& entry, std::set<std::string>& seen) {
    const std::string key =
        entry.HasMember("key_hex") ? entry["key_hex"].GetString() : hex_of(entry["key"].GetUint());
    ++entries;
    repeated += seen.insert(key).second ? 0 : 1;
    unknown += numbers_.contains(key) ? 0 : 1;
    if (entry.HasMember("value_hex")) add_value(key, entry["value_hex"].GetString());
    if (entry.HasMember("per_cpu_hex"))
      for (const auto& copy : entry["per_cpu_hex"].GetArray()) {
        if (copy.IsNull())
          ++missing;
        else
          add_value(key, copy.GetString());
      }
  }
  void add_value(const std::string& key, std::string_view hex) {
    const auto value = from_hex<Sealed>(hex);
    const auto known = numbers_.find(key);
    if (known != numbers_.end() && std::ranges::count(known->second, value.words[0]) == 0) ++of_another;
    if (!value.is_whole() && !is_told_) ++torn;
  }

  Shape shape_;
  std::map<std::string, std::vector<std::uint32_t>> numbers_; ///< by the key that is made of them
  bool is_told_ = false;
};

void report_on(Tally& tally, const OwnMap& map, const Shape& shape) {
  const auto start = std::chrono::steady_clock::now();
  const auto report = map.shown({"--via", shape.via});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  tally.slowest = std::max(tally.slowest, took.count());
  ASSERT_EQ(report["maps"].Size(), 1U);
  tally.add(report["maps"][0]);
}

/// Of each map; MAPSCOPE_RACE_REPORTS=200 for a long look.
unsigned wanted_reports() {
  const char* const wanted = std::getenv("MAPSCOPE_RACE_REPORTS");
  return wanted != nullptr ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 10)) : 2;
}

void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

class LiveRace : public ::testing::TestWithParam<Shape> {};

TEST_P(LiveRace, IsReportedOn) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root";
  const Shape& shape = GetParam();
  const Raced raced(shape);
  if (!raced.map().is_made()) GTEST_SKIP() << "no map can be made here: " << std::strerror(errno);
  Tally tally(shape);
  for (unsigned i = 0; i < wanted_reports(); ++i) report_on(tally, raced.map(), shape);
  std::cout << shape.name << ": " << tally.reports << " reports, " << tally.complete << " complete, "
            << tally.of_two_times << " with values of two times; " << tally.entries << " entries, "
            << tally.repeated << " repeated, " << tally.unknown << " unknown, " << tally.torn << " torn, "
            << tally.missing << " missing, " << tally.of_another << " of another key, " << tally.lacking
            << " lacking; " << raced.changes() << " changes; slowest report " << tally.slowest << " s\n";
  EXPECT_GT(tally.entries, 0U);
  EXPECT_EQ(tally.repeated, 0U);
  EXPECT_EQ(tally.unknown, 0U);
  // Who writes in place may stand still in the middle of it (a virtual processor that has no turn), for as
  // long as two looks take.
  EXPECT_LE(tally.torn, shape.is_in_place ? tally.reports : 0U);
  EXPECT_EQ(tally.of_another, 0U);
  EXPECT_EQ(tally.lacking, 0U);
  EXPECT_GT(raced.changes(), 0U);
}

/// Chains of struct hlist_node, whose elements are freed and made anew.
TEST(LiveRaceOfChains, IsReportedOn) {
  constexpr std::uint32_t indices = 400, loopback = 1;
  if (::geteuid() != 0) GTEST_SKIP() << "takes root";
  const OwnMap map(BPF_MAP_TYPE_DEVMAP_HASH, "live_raced", {sizeof(std::uint32_t), sizeof loopback, indices});
  if (!map.is_made()) GTEST_SKIP() << "no map can be made here: " << std::strerror(errno);
  for (std::uint32_t index = 0; index < lasting; ++index)
    if (map.put(index, loopback) != 0) GTEST_SKIP() << "no device 1: " << std::strerror(errno);
  std::atomic<bool> goes_on = true;
  std::vector<std::jthread> threads;
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    threads.emplace_back([&, random = seed]() mutable {
      for (std::uint64_t count = 1; goes_on; ++count) {
        random = mixed(random + count);
        const auto index = static_cast<std::uint32_t>(random % indices);
        (void)((random >> 40) % 2 != 0 || index < lasting ? map.put(index, loopback) : map.remove(index));
      }
    });
  unsigned complete = 0;
  for (unsigned i = 0; i < wanted_reports(); ++i) {
    const auto report = map.shown();
    const auto& shown = report["maps"][0];
    const bool is_complete = std::string_view(shown["status"].GetString()) == "complete";
    complete += is_complete ? 1 : 0;
    std::set<std::uint32_t> seen;
    for (const auto& index : shown["fd_array"]["indices"].GetArray()) {
      EXPECT_TRUE(seen.insert(index.GetUint()).second) << "repeated: " << index.GetUint();
      EXPECT_LT(index.GetUint(), indices);
    }
    for (std::uint32_t index = 0; is_complete && index < lasting; ++index) EXPECT_TRUE(seen.contains(index));
  }
  goes_on = false;
  std::cout << "devmap_hash: " << wanted_reports() << " reports, " << complete << " complete\n";
}

INSTANTIATE_TEST_SUITE_P(
    Maps, LiveRace,
    ::testing::Values(
        // An update puts a new element in place of the old one, which is used for another key at once.
        Shape{"hash", BPF_MAP_TYPE_HASH},
        // The memory of elements goes back to an allocator, which writes to it.
        Shape{"hash_without_preallocation", BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC},
        // Any key may be evicted, and values are written outside the bucket's lock.
        Shape{"lru_hash", BPF_MAP_TYPE_LRU_HASH, 0, false},
        // An update writes to the copies in place.
        Shape{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 0, true, true},
        Shape{"percpu_hash_without_preallocation", BPF_MAP_TYPE_PERCPU_HASH, BPF_F_NO_PREALLOC, true, true},
        // Nodes are taken out of the way to others, and freed.
        Shape{"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC},
        // An update writes to the element in place, without a lock.
        Shape{"array", BPF_MAP_TYPE_ARRAY, 0, true, true},
        Shape{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 0, true, true},
        // Many a call, with a bucket's lock for as long as it is copied.
        Shape{.name = "hash_by_look_ups", .type = BPF_MAP_TYPE_HASH, .via = "bpf"},
        Shape{.name = "hash_without_preallocation_by_look_ups",
              .type = BPF_MAP_TYPE_HASH,
              .flags = BPF_F_NO_PREALLOC,
              .via = "bpf"},
        Shape{
            .name = "lru_hash_by_look_ups", .type = BPF_MAP_TYPE_LRU_HASH, .keeps_all = false, .via = "bpf"},
        // Key by key and without a lock: the key that is asked for the next one may be gone, and an element
        // be used for another key while it is copied.
        Shape{.name = "hash_key_by_key",
              .type = BPF_MAP_TYPE_HASH,
              .via = "bpf",
              .most = 1U << 17,
              .keys = 200},
        Shape{.name = "hash_without_preallocation_key_by_key",
              .type = BPF_MAP_TYPE_HASH,
              .flags = BPF_F_NO_PREALLOC,
              .via = "bpf",
              .most = 1U << 17,
              .keys = 200}),
    [](const auto& info) { return std::string(info.param.name); });

} // namespace
} // namespace mapscope::cli_test
