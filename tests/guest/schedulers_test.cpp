// SPDX-License-Identifier: Apache-2.0
// A real sched_ext scheduler at work: every task's context from every place that points to it, its counters
// and its state, against what the guest and its kernel said (loader/scheduler.hpp).
#include "installed.hpp"
#include "scheduler_contexts.hpp"
#include "scheduler_fixture.hpp"
#include "scheduler_log.hpp"
#include "values.hpp"

#include <algorithm>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace mapscope::guest {
namespace {

class RunningScheduler : public Schedulers {
protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(open("running"));
    before = pids_in(stated()["before"]["tasks"]), after = pids_in(stated()["after"]["tasks"]);
    contexts = contexts_of(report);
  }
  std::set<std::int64_t> before, after; ///< tasks right before and right after the memory was saved
  std::multimap<std::int64_t, const Value*> contexts;
};

TEST_F(RunningScheduler, EveryLiveTaskHasOneContext) {
  std::size_t live = 0, once = 0;
  for (const std::int64_t pid : before) {
    if (!after.contains(pid)) continue;
    ++live, once += contexts.count(pid) == 1 ? 1 : 0;
    EXPECT_EQ(contexts.count(pid), 1U) << "contexts of task " << pid;
  }
  for (const auto& [pid, context] : contexts)
    EXPECT_TRUE(before.contains(pid) || after.contains(pid)) << "context of no task: " << as_text(*context);
  std::printf("%zu of %zu live tasks have one context, of %zu contexts\n", once, live, contexts.size());
  EXPECT_GT(live, 50U);
}

TEST_F(RunningScheduler, TheAllocatorIsTyped) {
  const Value* allocator = allocations_of(report, "scx_task_allocator");
  ASSERT_NE(allocator, nullptr);
  EXPECT_EQ(report["sdt_allocations"].Size(), 1U);
  EXPECT_EQ((*allocator)["elem_size"].GetUint64(), 56U); // struct scx_stats and the header of 8 bytes
  EXPECT_EQ((*allocator)["skipped_subtrees"].GetUint(), 0U);
  EXPECT_NE((*allocator)["payload_btf_type_id"].GetUint(), 0U);
  for (const auto& [pid, context] : contexts)
    EXPECT_STREQ((*context)["payload"]["type_name"].GetString(), "scx_stats");
}

TEST_F(RunningScheduler, TaskStorageShowsTheSameContexts) {
  const Value* map = map_by_name(report, "scx_task_map");
  ASSERT_NE(map, nullptr);
  EXPECT_STREQ((*map)["status"].GetString(), "complete");
  std::size_t equal = 0;
  for (const auto& entry : (*map)["entries"].GetArray()) {
    const auto [context, end] = contexts.equal_range(entry["owner"]["pid"].GetInt64());
    ASSERT_NE(context, end) << as_text(entry["owner"]);
    ASSERT_TRUE(entry.HasMember("payload")) << as_text(entry["owner"]);
    EXPECT_TRUE(entry["payload"] == (*context->second)["payload"]) << as_text(entry["payload"]);
    EXPECT_EQ(low_32(static_cast<std::uint64_t>(number_of(entry["value"], "data"))),
              (*context->second)["user_addr"].GetUint());
    equal += entry["payload"] == (*context->second)["payload"] ? 1 : 0;
  }
  std::printf("%zu of %zu contexts are the payload behind their task\n", equal, contexts.size());
  EXPECT_EQ(equal, contexts.size());
}

/// What only grows: pools begin again, and what is active comes and goes.
/// The scheduler stores the task's address as a number.
TEST_F(RunningScheduler, NumbersThatAreTasksAreNamed) {
  const auto shown = dump(core, {"--limit", "0", "--map", "scx_task_map"});
  const Value* map = map_by_name(shown, "scx_task_map");
  ASSERT_NE(map, nullptr);
  unsigned named = 0;
  for (const auto& entry : (*map)["entries"].GetArray()) {
    const Value& number = *member_of(entry["value"], "tptr");
    ASSERT_TRUE(number.HasMember("cast")) << as_text(entry);
    EXPECT_STREQ(number["cast"]["type"].GetString(), "task_struct");
    EXPECT_EQ(number["cast"]["values"].GetUint64(), contexts.size()) << "all of them agree";
    EXPECT_EQ(number_of(number["cast"]["deref"], "pid"), entry["owner"]["pid"].GetInt64());
    ++named;
  }
  EXPECT_EQ(named, contexts.size());
}

bool only_grows(const std::string& counter) {
  if (counter.starts_with("stats[")) return false; // of the scheduler before
  return counter.find("pool.") == counter.npos && counter.find("active") == counter.npos;
}

/// Its counters as bpf(2) showed them in the guest, on both sides of the moment.
TEST_F(RunningScheduler, CountersLieBetweenWhatTheGuestSaw) {
  const Value* section = map_by_name(report, "scx_sdt.bss");
  ASSERT_NE(section, nullptr);
  const Value &low = stated()["before"]["counters"], &high = stated()["after"]["counters"];
  unsigned compared = 0;
  for (const auto& [name, value] : low.GetObject()) {
    if (!only_grows(name.GetString())) continue;
    const std::int64_t shown = number_of((*section)["value"], name.GetString());
    EXPECT_GE(shown, value.GetInt64()) << name.GetString();
    EXPECT_LE(shown, high[name.GetString()].GetInt64()) << name.GetString();
    ++compared;
  }
  EXPECT_GE(compared, 10U);
}

/// The last number that it printed so, with "name=" before it; it prints every second.
std::int64_t last_printed(const std::string& output, const std::string& name) {
  const std::size_t at = output.rfind(name + "=");
  return at == output.npos ? -1 : std::stoll(output.substr(at + name.size() + 1));
}

TEST_F(RunningScheduler, TotalsAgreeWithTheSchedulersStatistics) {
  const Value& section = (*map_by_name(report, "scx_sdt.bss"))["value"];
  EXPECT_EQ(number_of(section, "alloc_stats.active_allocs"), static_cast<std::int64_t>(contexts.size()));
  std::int64_t inits = number_of(section, "stat_init"); // of those that are gone
  for (const auto& [pid, context] : contexts) inits += number_of((*context)["payload"], "init");
  EXPECT_EQ(inits, number_of(section, "alloc_stats.alloc_ops"));
  EXPECT_GT(number_of(section, "alloc_stats.free_ops"), 0); // slots were taken again
  EXPECT_EQ(number_of(section, "alloc_stats.alloc_ops") - number_of(section, "alloc_stats.free_ops"),
            static_cast<std::int64_t>(contexts.size()));
  for (const std::string name : {"alloc_ops", "free_ops", "data_allocs"}) {
    const std::int64_t printed = last_printed(stated()["output"].GetString(), name);
    EXPECT_GT(printed, 0) << name;
    EXPECT_LE(printed, number_of(section, "alloc_stats." + name)) << name;
  }
}

TEST_F(RunningScheduler, IsAttachedAsTheKernelSays) {
  ASSERT_NO_FATAL_FAILURE(expect_state({"state", "schedulers", "nr_rejected", "hotplug_seq", "enable_seq"}));
  EXPECT_STREQ(state()["state"].GetString(), "enabled");
  if (state().HasMember("exit")) { // of the one before, which left in peace
    EXPECT_STREQ(state()["exit"]["scheduler"].GetString(), "simple");
  }
  ASSERT_GE(state()["schedulers"].Size(), 1U);
  const Value& scheduler = state()["schedulers"][0];
  EXPECT_EQ(scheduler["name"].GetString() + std::string("\n"),
            stated()["after"]["sysfs"]["root/ops"].GetString());
  EXPECT_TRUE(scheduler["attached"].GetBool());
  for (const char* name : {"nr_rejected", "hotplug_seq", "enable_seq"})
    EXPECT_EQ(std::to_string(state()[name].GetUint64()) + "\n", stated()["after"]["sysfs"][name].GetString())
        << name;
}

TEST_F(RunningScheduler, EventCountersLieBetweenWhatTheGuestSaw) {
  const auto low = events_in(stated()["before"]["sysfs"]["root/events"].GetString());
  const auto high = events_in(stated()["after"]["sysfs"]["root/events"].GetString());
  ASSERT_NO_FATAL_FAILURE(expect_state({"schedulers"}));
  const Value& shown = state()["schedulers"][0]["events"];
  EXPECT_EQ(shown.MemberCount(), low.size());
  for (const auto& [name, count] : low) {
    ASSERT_TRUE(shown.HasMember(name.c_str())) << name;
    EXPECT_GE(shown[name.c_str()].GetInt64(), count) << name;
    EXPECT_LE(shown[name.c_str()].GetInt64(), high.at(name)) << name;
  }
  std::printf("%u event counters between what the guest saw before and after\n", shown.MemberCount());
}

/// Every task that the kernel has on sched_ext is there by number and name; idle tasks are on no list of the
/// guest.
TEST_F(RunningScheduler, EveryTaskOfItIsListed) {
  ASSERT_NO_FATAL_FAILURE(expect_state({"tasks"}));
  std::map<std::int64_t, std::string> shown;
  for (const auto& task : state()["tasks"].GetArray())
    shown[task["pid"].GetInt64()] = task["comm"].GetString();
  std::size_t found = 0, all = 0;
  for (const auto& task : stated()["before"]["tasks"].GetArray()) {
    if (!task["ext"].GetBool() || !after.contains(task["pid"].GetInt64())) continue;
    ++all, found += shown.contains(task["pid"].GetInt64()) ? 1 : 0;
    EXPECT_TRUE(shown.contains(task["pid"].GetInt64())) << as_text(task);
  }
  std::printf("%zu of %zu tasks on sched_ext are listed\n", found, all);
}

/// The queue that all tasks of scx_sdt go through has those that wait on it, whatever CPU they last ran on.
TEST_F(RunningScheduler, ItsQueueHasTheTasksThatWaitOnIt) {
  constexpr std::uint64_t shared_dsq = 0;
  ASSERT_NO_FATAL_FAILURE(expect_state({"cpus", "dsqs"}));
  std::set<std::int64_t> waiting, queued;
  for (const auto& cpu : state()["cpus"].GetArray())
    for (const auto& task : cpu["runnable"].GetArray())
      if (task.HasMember("dsq_id") && task["dsq_id"].GetUint64() == shared_dsq)
        waiting.insert(task["pid"].GetInt64());
  for (const auto& dsq : state()["dsqs"].GetArray()) {
    if (dsq["kind"] != "user") continue;
    EXPECT_EQ(dsq["dsq_id"].GetUint64(), shared_dsq);
    EXPECT_EQ(dsq["nr"].GetUint(), dsq["tasks"].Size());
    for (const auto& task : dsq["tasks"].GetArray()) queued.insert(task["pid"].GetInt64());
  }
  EXPECT_EQ(queued, waiting);
  EXPECT_GT(queued.size(), 5U);
  std::printf("%zu tasks wait on the scheduler's queue\n", queued.size());
}

/// The one that ran before is in nobody's record any more but its own.
TEST_F(RunningScheduler, TheOneBeforeSaysThatItLeftInPeace) {
  ASSERT_NO_FATAL_FAILURE(expect_state({"user_exits"}));
  ASSERT_EQ(state()["user_exits"].Size(), 1U);
  const Value& left = state()["user_exits"][0];
  EXPECT_STREQ(left["section"].GetString(), "scx_simp.data");
  EXPECT_STREQ(left["kind_name"].GetString(), "SCX_EXIT_UNREG");
  EXPECT_STREQ(left["reason"].GetString(), "unregistered from user space");
}

// Without the decoder of allocators.

TEST_F(RunningScheduler, WithoutSdtAllocNothingButPayloadsIsLost) {
  const Installed copy;
  ASSERT_TRUE(std::filesystem::remove(copy.plugins() / "sdt_alloc.so"));
  const Ran done = run({"dump", core.string(), "-j", "--limit", "0"}, copy.program());
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const auto without = parse(done.out);
  EXPECT_FALSE(without.HasMember("sdt_allocations"));
  ASSERT_EQ(without["maps"].Size(), report["maps"].Size());
  for (rapidjson::SizeType i = 0; i < without["maps"].Size(); ++i) {
    const Value &map = without["maps"][i], &with = report["maps"][i];
    SCOPED_TRACE(map["name"].GetString());
    EXPECT_EQ(map["status"], with["status"]);
    if (!map.HasMember("entries")) continue;
    ASSERT_EQ(map["entries"].Size(), with["entries"].Size());
    for (const auto& entry : map["entries"].GetArray()) EXPECT_FALSE(entry.HasMember("payload"));
  }
}

/// Whether the report says of the map that what is behind its pointers is missing: on the map itself or in a
/// finding.
bool says_payload_is_lost(const rapidjson::Document& report, const Value& map) {
  const auto speaks_of_it = [](const std::string& text) {
    return text.find("payload") != text.npos || text.find("scx_allocator") != text.npos;
  };
  if (map.HasMember("error") && speaks_of_it(map["error"].GetString())) return true;
  if (!report.HasMember("findings")) return false;
  return std::ranges::any_of(report["findings"].GetArray(), [&](const Value& finding) {
    return finding.HasMember("map") && finding["map"] == map["id"] &&
           speaks_of_it(finding["text"].GetString());
  });
}

TEST_F(RunningScheduler, WithoutSdtAllocTheMapsThatLostPayloadsAreNamed) {
  const Installed copy;
  ASSERT_TRUE(std::filesystem::remove(copy.plugins() / "sdt_alloc.so"));
  const auto without = parse(run({"dump", core.string(), "-j"}, copy.program()).out);
  for (const auto& map : without["maps"].GetArray()) {
    const bool lost = std::string(map["name"].GetString()) == "scx_task_map";
    EXPECT_EQ(says_payload_is_lost(without, map), lost) << map["name"].GetString();
  }
  for (const auto& map : report["maps"].GetArray()) EXPECT_FALSE(says_payload_is_lost(report, map));
}

} // namespace
} // namespace mapscope::guest
