// SPDX-License-Identifier: Apache-2.0
// What tests of guests that run a scheduler begin with.
#pragma once

#include "captures.hpp"

#include <gtest/gtest.h>

namespace mapscope::guest {

using rapidjson::Value;

inline constexpr const char* sched_ext = "mapscope.builtin.sched_ext";

/// A guest in the scenario, dumped with all its entries; fails the test when there is none.
class Schedulers : public testing::Test {
protected:
  void open(const std::string& scenario, const std::vector<const char*>& names = {}) {
    for (const Capture& capture : scheduler_captures())
      if (capture.name.ends_with("-scx-" + scenario)) core = capture.vmcore(), folder = capture.folder;
    ASSERT_FALSE(core.empty()) << "no guest that is " << scenario
                               << " in MAPSCOPE_SCHEDULERS; ./dev test captures it";
    guest_ = parse(read_file(folder / "guest.json"));
    report = dump(core, {"--limit", "0"});
    if (!names.empty()) expect_state(names);
  }
  [[nodiscard]] const Value& stated() const { return guest_["scheduler"]; }
  /// Of the decoder of sched_ext; without it, and without what a test goes into, the test fails here.
  void expect_state(const std::vector<const char*>& names) {
    ASSERT_TRUE(report.HasMember("extensions") && report["extensions"].HasMember(sched_ext));
    for (const char* name : names) ASSERT_TRUE(state().HasMember(name)) << name;
  }
  [[nodiscard]] const Value& state() const { return report["extensions"][sched_ext]; }

  std::filesystem::path core, folder;
  rapidjson::Document report;

private:
  rapidjson::Document guest_;
};

} // namespace mapscope::guest
