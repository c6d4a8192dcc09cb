// SPDX-License-Identifier: Apache-2.0
// What bpf/declared.bpf.c declares: what its text form says, what lies behind a cut, and how its maps are
// called.
#include "captures.hpp"

#include <gmock/gmock.h>
#include <set>

namespace mapscope::guest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* production = MAPSCOPE_CONFIGS "/production.toml";

/// Of the maps alone.
std::string text(const Capture& capture, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"dump", capture.vmcore().string()};
  words.insert(words.end(), more.begin(), more.end());
  const Ran done = run(words);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  return done.out.substr(0, done.out.find("\nprograms\n"));
}

std::set<std::string> chosen_by(const Capture& capture, const std::string& spec) {
  std::set<std::string> names;
  const auto report = dump(capture.vmcore(), {"--map", spec});
  for (const auto& map : report["maps"].GetArray())
    names.insert(map[map.HasMember("full_name") ? "full_name" : "name"].GetString());
  return names;
}

/// The test holds of every guest.
template <class Test> void in_every_guest(const Test& test) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    test(capture);
  }
}

TEST(Declared, OnlyCharIsText) {
  in_every_guest([](const Capture& capture) {
    EXPECT_THAT(text(capture, {"--map", "stations"}),
                AllOf(HasSubstr("mac [65, 66, 67, 68, 69, 70]\n"), HasSubstr("address [10, 32, 0, 33]\n"),
                      HasSubstr("initials [109, 115]\n"), HasSubstr("balance [97, 98, 99]\n"),
                      HasSubstr("comm \"kworker/0:1\"\n"), HasSubstr("greeting \"gr\u00fc\u00df \u20ac\"\n"),
                      HasSubstr("torn \"ab\\xe2\\x82\"\n")));
  });
}

TEST(Declared, WhatLiesBehindACutIsSaid) {
  in_every_guest([](const Capture& capture) {
    EXPECT_THAT(text(capture, {"--map", "declared.bss"}),
                AllOf(HasSubstr("hist=[[0..299]=0, [300]=78, [301..511]=0]"), HasSubstr("[5000] is not zero"),
                      HasSubstr("[truncated]"), Not(HasSubstr("nothing_in_it"))));
    EXPECT_THAT(text(capture, {"--map", "declared.bss", "--config", production}),
                AllOf(HasSubstr("256 of 512 shown, [300] is not zero"), HasSubstr("[truncated]")));
  });
}

/// Rows and copies that are equal as far as they are shown are not one.
TEST(Declared, WhatDiffersBehindACutIsNotMerged) {
  in_every_guest([](const Capture& capture) {
    EXPECT_THAT(
        text(capture, {"--map", "tall_rows"}),
        AllOf(HasSubstr("  0: tall{cells="), HasSubstr("  1: tall{cells="), HasSubstr("  2: tall{}")));
    const std::string copies = text(capture, {"--map", "tall_copies"});
    EXPECT_THAT(copies,
                AllOf(HasSubstr("cpu 0     tall_copy{cells="), HasSubstr("cpu 1     tall_copy{cells=")));
    EXPECT_EQ(copies.find("all CPUs"), copies.rfind("all CPUs")) << "those of the second element, all zero";
  });
}

TEST(Declared, ACutIsAStatus) {
  in_every_guest([](const Capture& capture) {
    const std::string vmcore = capture.vmcore().string();
    for (const char* name : {"tall_rows", "tall_copies", "declared.bss"}) {
      const auto report = dump(vmcore, {"--map", name});
      ASSERT_EQ(report["maps"].Size(), 1U) << name;
      EXPECT_STREQ(report["maps"][0]["status"].GetString(), "truncated") << name;
      EXPECT_EQ(run({"dump", vmcore, "--strict", "--map", name}).exit_code, 3) << name;
    }
    EXPECT_EQ(run({"dump", vmcore, "--strict", "--map", "stations"}).exit_code, 0);
  });
}

TEST(Declared, WholeAndCutNamesChoose) {
  in_every_guest([](const Capture& capture) {
    using Names = std::set<std::string>;
    EXPECT_EQ(chosen_by(capture, "sessions_by_account"), Names{"sessions_by_account"});
    EXPECT_EQ(chosen_by(capture, "sessions_by_access"), Names{"sessions_by_access"});
    EXPECT_EQ(chosen_by(capture, "sessions_by_acc"), (Names{"sessions_by_access", "sessions_by_account"}));
    EXPECT_EQ(chosen_by(capture, "prog:count_sessions_by_account"), Names{"sessions_by_account"});
    EXPECT_EQ(chosen_by(capture, "prog:count_sessions_by_access"),
              (Names{"declared.bss", "sessions_by_access"}));
    EXPECT_EQ(chosen_by(capture, "prog:count_sessions_"),
              (Names{"declared.bss", "sessions_by_access", "sessions_by_account"}));
  });
}

} // namespace
} // namespace mapscope::guest
