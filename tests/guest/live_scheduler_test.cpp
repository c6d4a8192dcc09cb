// SPDX-License-Identifier: Apache-2.0
// A real sched_ext scheduler that went on while mapscope looked from inside its guest, against the memory
// right after.
#include "scheduler_contexts.hpp"
#include "scheduler_fixture.hpp"
#include "values.hpp"

#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::guest {
namespace {

/// What mapscope saw inside a guest whose scheduler went on, and the memory right after.
class LiveScheduler : public testing::TestWithParam<const char*> {};

/// "" where there is none.
std::filesystem::path live_folder() {
  std::filesystem::path folder;
  for (const Capture& guest : live_guests())
    if (guest.name.ends_with("-scx-running")) folder = guest.folder;
  return folder;
}

TEST_P(LiveScheduler, IsShownAsInADump) {
  const auto folder = live_folder();
  ASSERT_FALSE(folder.empty()) << "no guest that is running in MAPSCOPE_LIVE; ./dev test makes one";
  const auto live = parse(read_file(folder / (std::string(GetParam()) + ".json")));
  const auto later = dump(folder / "vmcore", {"--limit", "0"});
  const auto stated = parse(read_file(folder / "guest.json"));
  const Value& state = live["extensions"][sched_ext];
  EXPECT_STREQ(state["state"].GetString(), "enabled");
  ASSERT_EQ(state["schedulers"].Size(), 1U);
  EXPECT_STREQ(state["schedulers"][0]["name"].GetString(), "sdt");
  const auto contexts = contexts_of(live), after = contexts_of(later);
  std::size_t both = 0;
  for (const std::int64_t pid : pids_in(stated["scheduler"]["after"]["tasks"])) {
    if (after.count(pid) == 0) continue;
    ++both;
    EXPECT_EQ(contexts.count(pid), 1U) << "contexts of task " << pid;
  }
  std::printf("%s: %zu contexts of tasks that are also in the dump, of %zu\n", GetParam(), both,
              contexts.size());
  EXPECT_GT(both, 50U);
  EXPECT_EQ((*allocations_of(live, "scx_task_allocator"))["elem_size"].GetUint64(), 56U);
  for (const auto& map : live["maps"].GetArray())
    EXPECT_STREQ(map["status"].GetString(), "complete") << map["name"].GetString() << as_text(map["error"]);
}

INSTANTIATE_TEST_SUITE_P(Ways, LiveScheduler, testing::Values("peek", "kcore", "peek-isolated"),
                         [](const auto& info) { return info.index == 2 ? "isolated" : info.param; });

/// A scheduler's state is in no map, and nothing of it is made up: the maps are shown, and what lacks is
/// told.
TEST(LiveSchedulerByLookUps, ItsStateIsNotSeenAndThatIsTold) {
  const auto folder = live_folder();
  ASSERT_FALSE(folder.empty()) << "no guest that is running in MAPSCOPE_LIVE; ./dev test makes one";
  const auto report = parse(read_file(folder / "bpf.json"));
  EXPECT_STREQ(report["mapscope"]["source"]["via"].GetString(), "bpf");
  EXPECT_FALSE(report.HasMember("extensions"));
  EXPECT_THAT(
      as_text(report["findings"]),
      testing::HasSubstr("parts of the kernel that are no maps cannot be had by look-ups, and are not "
                         "shown: kernel:sched_ext; --via peek shows them"));
  std::size_t arenas = 0, complete = 0;
  for (const auto& map : report["maps"].GetArray()) {
    const std::string status = map["status"].GetString();
    complete += status == "complete" ? 1 : 0;
    if (std::string_view(map["type_name"].GetString()) != "arena") continue;
    ++arenas;
    EXPECT_EQ(status, "skipped");
    EXPECT_THAT(map["error"].GetString(), testing::HasSubstr("--via peek shows it"));
  }
  std::printf("%u maps by look-ups: %zu complete, %zu arenas not shown\n", report["maps"].Size(), complete,
              arenas);
  EXPECT_GT(arenas, 0U); // of the scheduler's allocator
  EXPECT_GT(complete, 0U);
}

} // namespace
} // namespace mapscope::guest
