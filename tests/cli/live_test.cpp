// SPDX-License-Identifier: Apache-2.0
// This machine as it runs: maps that the test makes, with every entry; where it may not be read, one
// sentence.
#include "own_map.hpp"

#include <atomic>
#include <cstdint>
#include <set>
#include <thread>
#include <unistd.h>

namespace mapscope::cli_test {
namespace {

struct Checked {
  std::uint64_t number, square;
};

/// From a number to its square.
class Squares : public OwnMap {
public:
  Squares(bpf_map_type type, const char* name, std::uint32_t most)
      : OwnMap(type, name, {sizeof(std::uint32_t), sizeof(Checked), most}) {}
  void put(std::uint32_t key) const { (void)OwnMap::put(key, Checked{key, std::uint64_t{key} * key}); }
};

/// The sentence of a machine that lets nobody look, or of a user who may not.
void expect_refusal(const std::string& text) {
  EXPECT_THAT(text, StartsWith("live: this machine's memory cannot be read: peek: "));
  EXPECT_THAT(text, HasSubstr("; kcore: "));
  EXPECT_THAT(text, HasSubstr("; bpf: cannot list maps with bpf(2): "));
}

std::uint64_t number_in(const char* hex, unsigned at) {
  std::uint64_t number = 0;
  unsigned byte = 0;
  for (unsigned i = 0; i < 8; ++i) {
    EXPECT_EQ(std::sscanf(hex + std::size_t{3} * (at + i), "%2x", &byte), 1);
    number |= std::uint64_t{byte} << (8 * i);
  }
  return number;
}

TEST(ThisMachine, EveryEntryOfAHash) {
  const Squares map(BPF_MAP_TYPE_HASH, "live_hash", 1000);
  if (!map.is_made()) return expect_refusal(failure({"dump", "live"}, 1));
  for (std::uint32_t i = 0; i < 700; ++i) map.put(i);
  for (const Words& more : {Words{}, Words{"--isolate", "all"}}) {
    const auto report = map.shown(more);
    EXPECT_STREQ(report["mapscope"]["source"]["kind"].GetString(), "live");
    EXPECT_STREQ(report["mapscope"]["source"]["via"].GetString(), "peek");
    EXPECT_TRUE(report["mapscope"].HasMember("started_at"));
    ASSERT_EQ(report["maps"].Size(), 1U);
    const auto& shown = report["maps"][0];
    EXPECT_STREQ(shown["status"].GetString(), "complete");
    EXPECT_FALSE(shown.HasMember("map_kva"));
    ASSERT_EQ(shown["entries"].Size(), 700U);
    std::vector<bool> seen(700);
    for (const auto& entry : shown["entries"].GetArray()) {
      const auto number = number_in(entry["value_hex"].GetString(), 0);
      ASSERT_LT(number, 700U);
      EXPECT_FALSE(seen[number]);
      seen[number] = true;
      EXPECT_EQ(number_in(entry["value_hex"].GetString(), 8), number * number);
    }
  }
}

TEST(ThisMachine, WhatItIsReadWithIsNoPartOfIt) {
  const Squares map(BPF_MAP_TYPE_ARRAY, "live_array", 3);
  if (!map.is_made()) return expect_refusal(failure({"maps"}, 1));
  for (int i = 0; i < 3; ++i) {
    const Ran ran = run({"maps"});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("live_array"));
    EXPECT_THAT(ran.out, testing::Not(HasSubstr("mapscope_window")));
  }
}

/// Two threads insert and delete while it is looked at: each report ends, and no key is in it twice.
TEST(ThisMachine, AMapThatChangesMeanwhile) {
  const Squares map(BPF_MAP_TYPE_HASH, "live_busy", 4096);
  if (!map.is_made()) return expect_refusal(failure({"dump"}, 1));
  std::atomic<bool> goes_on = true;
  std::vector<std::jthread> writers;
  for (std::uint32_t writer = 0; writer < 2; ++writer)
    writers.emplace_back([&, writer] {
      for (std::uint32_t i = writer; goes_on; i += 2) {
        map.put(i % 6000);
        if (i % 3 != 0) (void)map.remove((i * 7 + writer) % 6000);
      }
    });
  for (int round = 0; round < 10; ++round) {
    const auto report = map.shown();
    ASSERT_EQ(report["maps"].Size(), 1U);
    const auto& shown = report["maps"][0];
    std::set<std::string> keys;
    if (!shown.HasMember("entries")) continue;
    for (const auto& entry : shown["entries"].GetArray())
      EXPECT_TRUE(keys.insert(entry["key_hex"].GetString()).second) << entry["key_hex"].GetString();
  }
  goes_on = false;
}

TEST(ThisMachine, WhoMayNotIsToldWhatItTakes) {
  if (::geteuid() != 0) return expect_refusal(failure({"maps", "live"}, 1));
  const Ran ran = test::run_program(
      "/usr/bin/setpriv", {"--bounding-set=-all", "--inh-caps=-all", MAPSCOPE_PROGRAM, "maps", "live"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.out, "");
  ASSERT_THAT(ran.err, StartsWith("mapscope: "));
  expect_refusal(ran.err.substr(std::string("mapscope: ").size()));
  EXPECT_THAT(ran.err, HasSubstr("run as root"));
}

TEST(ThisMachine, OneWayIsOneWay) {
  EXPECT_THAT(run({"plugins", "check", MAPSCOPE_PLUGINS "/hash.so", "live", "--via", "bpf"}).err,
              HasSubstr("live: --via bpf reads no memory, and this needs it"));
  if (::access("/proc/kcore", F_OK) != 0) {
    EXPECT_THAT(failure({"maps", "--via", "kcore"}, 1), HasSubstr("kcore: /proc/kcore: cannot open"));
    EXPECT_THAT(failure({"maps", "/proc/kcore"}, 1), HasSubstr("kcore: /proc/kcore: cannot open"));
  }
  EXPECT_THAT(misuse({"maps", "--via", "magic"}), HasSubstr("not in {peek,kcore,bpf}"));
}

} // namespace
} // namespace mapscope::cli_test
