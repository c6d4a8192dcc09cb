// SPDX-License-Identifier: Apache-2.0
// watch on this machine: what changes between two reports, as lines and as JSON; and get of one value.
#include "mapscope.hpp"

#include <atomic>
#include <bpf/bpf.h>
#include <chrono>
#include <cstdint>
#include <rapidjson/document.h>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace mapscope::cli_test {
namespace {

/// A counter that goes up, one key that comes and goes.
class Busy {
public:
  explicit Busy(const char* name) : fd_(::bpf_map_create(BPF_MAP_TYPE_HASH, name, 4, 8, 16, nullptr)) {
    if (fd_ < 0) return;
    put(1, 0), put(2, 5);
    thread_ = std::thread([this] {
      for (std::uint64_t i = 1; !done_; ++i) {
        put(1, i * 1000);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
  }
  ~Busy() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
    if (fd_ >= 0) ::close(fd_);
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

  [[nodiscard]] bool is_made() const { return fd_ >= 0; }
  void put(std::uint32_t key, std::uint64_t value) const {
    ::bpf_map_update_elem(fd_, &key, &value, BPF_ANY);
  }

private:
  int fd_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

TEST(WatchThisMachine, CountersAreRates) {
  const Busy map("watched_a");
  if (!map.is_made()) GTEST_SKIP() << "no maps can be made here";
  const Ran ran = run({"watch", "live", "--map", "watched_a", "-j", "--interval", "0.3", "--count", "3"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  std::istringstream lines(ran.out);
  std::string line;
  unsigned rounds = 0;
  for (; std::getline(lines, line); ++rounds) {
    rapidjson::Document round;
    round.Parse(line.c_str());
    ASSERT_FALSE(round.HasParseError()) << line;
    EXPECT_EQ(round["entry_count"].GetUint(), 2U);
    if (rounds == 0) continue;
    ASSERT_EQ(round["maps"].Size(), 1U) << line;
    const auto& changed = round["maps"][0]["changed"];
    ASSERT_EQ(changed.Size(), 1U) << line;
    EXPECT_STREQ(changed[0]["key"].GetString(), "01 00 00 00"); // the map has no types
    EXPECT_EQ(round["maps"][0]["added"].Size() + round["maps"][0]["removed"].Size(), 0U);
    EXPECT_GT(round["seconds"].GetDouble(), 0.29);
  }
  EXPECT_EQ(rounds, 4U);
}

TEST(WatchThisMachine, LinesOnAPipe) {
  const Busy map("watched_b");
  if (!map.is_made()) GTEST_SKIP() << "no maps can be made here";
  const Ran ran = run({"watch", "--map", "watched_b", "--interval", "0.2", "--count", "1"});
  EXPECT_THAT(ran.out,
              testing::ContainsRegex("1 map with 2 entries\n.*Z  1 map with 2 entries, 1 changed\nmap "
                                     "[0-9]+ watched_b \\(hash\\)\n  ~ 01 00 00 00: .* -> "));
}

TEST(GetFromThisMachine, OneKey) {
  const Busy map("watched_c");
  if (!map.is_made()) GTEST_SKIP() << "no maps can be made here";
  for (const char* const key : {"2", "hex:02000000", "02 00 00 00"})
    EXPECT_EQ(run({"get", "watched_c", key, "value_hex"}).out, "05 00 00 00 00 00 00 00\n") << key;
  const Ran miss = run({"get", "live", "watched_c", "3"});
  EXPECT_EQ(miss.exit_code, 1);
  EXPECT_THAT(miss.err, testing::ContainsRegex(
                            "mapscope: watched_c: no entry has the key 3; it has 0[12] 00 00 00, 0"));
}

TEST(Get, WordsThatAreNone) {
  EXPECT_THAT(misuse({"get"}), HasSubstr("MAP"));
  EXPECT_THAT(misuse({"get", "live"}), StartsWith("get needs a MAP behind live; "));
  EXPECT_THAT(misuse({"get", "nowhere", "m", "k", "p"}), HasSubstr("p is one word too many"));
  EXPECT_THAT(misuse({"get", "m", "{x"}), StartsWith("the key {x is no JSON"));
}

} // namespace
} // namespace mapscope::cli_test
