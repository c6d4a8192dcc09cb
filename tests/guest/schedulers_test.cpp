// SPDX-License-Identifier: Apache-2.0
// Real sched_ext schedulers: every task's context from every place that points to it, why a scheduler was
// thrown out, and who waits, against what the guest and its kernel said (loader/scheduler.hpp).
#include "installed.hpp"
#include "scheduler_fixture.hpp"
#include "scheduler_log.hpp"
#include "values.hpp"

#include <algorithm>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <sstream>

namespace mapscope::guest {
namespace {

std::set<std::int64_t> pids_in(const Value& tasks) {
  std::set<std::int64_t> pids;
  for (const auto& task : tasks.GetArray()) pids.insert(task["pid"].GetInt64());
  return pids;
}

/// Contexts of tasks, as the allocator has them.
std::multimap<std::int64_t, const Value*> contexts_of(const rapidjson::Document& report) {
  std::multimap<std::int64_t, const Value*> contexts;
  const Value* allocator = allocations_of(report, "scx_task_allocator");
  if (allocator == nullptr || !allocator->HasMember("entries")) return contexts;
  for (const auto& entry : (*allocator)["entries"].GetArray())
    contexts.emplace(number_of(entry["payload"], "pid"), &entry);
  return contexts;
}

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

// Thrown out.

std::string first_lines(const std::string& text, unsigned count) {
  std::size_t end = 0;
  for (unsigned i = 0; i < count && end != text.npos; ++i) end = text.find('\n', end == 0 ? 0 : end + 1);
  return text.substr(0, end);
}

TEST_F(Schedulers, ThrownOutItSaysWhyAsTheKernelDid) {
  ASSERT_NO_FATAL_FAILURE(open("ejected", {"state", "exit"}));
  const Exit said = exit_in(stated()["log"].GetString());
  ASSERT_NE(said.reason, "");
  EXPECT_STREQ(state()["state"].GetString(), "disabled");
  const Value& exit = state()["exit"];
  EXPECT_EQ(exit["scheduler"].GetString(), said.scheduler);
  EXPECT_EQ(exit["reason"].GetString(), said.reason);
  EXPECT_EQ(exit["msg"].GetString(), said.message);
  EXPECT_EQ(exit["kind"].GetInt64(), kind_in(stated()["dump"].GetString()));
  std::printf("exit kind %lld, %s, %s\n", static_cast<long long>(exit["kind"].GetInt64()),
              exit["reason"].GetString(), exit["msg"].GetString());
}

TEST_F(Schedulers, ThrownOutItHasTheKernelsBacktraceAndDump) {
  ASSERT_NO_FATAL_FAILURE(open("ejected", {"exit"}));
  const Value& exit = state()["exit"];
  std::vector<std::string> shown;
  for (const auto& frame : exit["backtrace"].GetArray()) shown.emplace_back(frame["symbol"].GetString());
  EXPECT_EQ(shown, exit_in(stated()["log"].GetString()).backtrace);
  // The record holds as much of the dump as its buffer takes; the guest saw all of it.
  const std::string kept = exit["dump"].GetString(), whole = stated()["dump"].GetString();
  const std::size_t same = static_cast<std::size_t>(std::ranges::mismatch(kept, whole).in1 - kept.begin());
  EXPECT_GT(same, 1000U);
  EXPECT_TRUE(same == whole.size() || kept.substr(same).find("TRUNCATED") != kept.npos)
      << "they differ from " << kept.substr(same, 200);
}

TEST_F(Schedulers, ThrownOutTheTextBeginsWithWhy) {
  ASSERT_NO_FATAL_FAILURE(open("ejected"));
  const Exit said = exit_in(stated()["log"].GetString());
  const Ran done = run({"dump", core.string(), "--config", MAPSCOPE_CONFIGS "/sched_ext.toml"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const std::string beginning = first_lines(done.out, 5);
  for (const std::string& part : {std::string("SCX_EXIT_ERROR_STALL"), said.reason, said.message})
    EXPECT_NE(beginning.find(part), std::string::npos) << part << " is not in: " << beginning;
}

/// Its process has ended: the kernel has wiped its own record, and the scheduler's map has it.
TEST_F(Schedulers, GoneItSaysWhyOutOfItsOwnMap) {
  ASSERT_NO_FATAL_FAILURE(open("gone", {"state", "exit", "schedulers", "user_exits"}));
  const Exit said = exit_in(stated()["log"].GetString());
  ASSERT_NE(said.reason, "");
  EXPECT_EQ(state()["schedulers"].Size(), 0U);
  const Value& exit = state()["exit"];
  EXPECT_STREQ(exit["source"].GetString(), "user_exit_info");
  EXPECT_EQ(exit["scheduler"].GetString(), said.scheduler);
  EXPECT_EQ(exit["reason"].GetString(), said.reason);
  EXPECT_EQ(exit["msg"].GetString(), said.message);
  EXPECT_EQ(exit["kind"].GetInt64(), kind_in(stated()["dump"].GetString()));
  const std::string kept = exit["dump"].GetString(), printed = stated()["output"].GetString();
  EXPECT_GT(kept.size(), 1000U);
  EXPECT_NE(printed.find(kept), std::string::npos) << "what the scheduler printed of it as its last words";
  ASSERT_EQ(state()["user_exits"].Size(), 1U);
  EXPECT_STREQ(state()["user_exits"][0]["variable"].GetString(), "uei");
  EXPECT_EQ(state()["user_exits"][0]["kind"], exit["kind"]);
  EXPECT_FALSE(state()["user_exits"][0].HasMember("dump")) << "once is enough";
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

TEST_F(Schedulers, ThrownOutItsMapsAreStillThere) {
  ASSERT_NO_FATAL_FAILURE(open("ejected"));
  for (const auto& held : stated()["maps"].GetArray()) {
    const Value* map = map_by_id(report, held["id"].GetUint());
    ASSERT_NE(map, nullptr) << held["name"].GetString();
    EXPECT_STREQ((*map)["name"].GetString(), held["name"].GetString());
  }
}

// Starving.

/// Tasks of the report by the CPU whose queue they wait on, the longest waiter of all first.
struct Waiting {
  std::int64_t pid = 0, milliseconds = 0;
  unsigned cpu = 0;
  std::string comm, dsq;
};

std::vector<Waiting> waiting_in(const Value& state) {
  std::vector<Waiting> all;
  for (const auto& cpu : state["cpus"].GetArray())
    for (const auto& task : cpu["runnable"].GetArray())
      all.push_back({task["pid"].GetInt64(), task["waited_ms"].GetInt64(), cpu["cpu"].GetUint(),
                     task["comm"].GetString(),
                     task.HasMember("dsq_id") ? std::to_string(task["dsq_id"].GetUint64()) : ""});
  std::ranges::stable_sort(all, std::greater{}, &Waiting::milliseconds);
  return all;
}

/// Those that the scheduler forgot: they wait since long before SysRq-D, and nothing but an exit wakes them
/// up.
std::vector<Waiter> forgotten_in(const std::string& dump) {
  std::vector<Waiter> waiters = waiters_in(dump);
  std::erase_if(waiters, [](const Waiter& waiter) { return waiter.milliseconds < 1000; });
  std::ranges::stable_sort(waiters, std::greater{}, &Waiter::milliseconds);
  return waiters;
}

TEST_F(Schedulers, StarvingTasksAreListedAsTheKernelListsThem) {
  ASSERT_NO_FATAL_FAILURE(open("starving", {"cpus"}));
  const auto said = forgotten_in(stated()["dump"].GetString());
  const auto shown = waiting_in(state());
  ASSERT_GE(said.size(), 3U);
  ASSERT_GE(shown.size(), said.size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    const auto found = std::ranges::find(shown, said[i].pid, &Waiting::pid);
    ASSERT_NE(found, shown.end()) << said[i].comm;
    EXPECT_EQ(found->comm, said[i].comm);
    EXPECT_EQ(found->cpu, said[i].cpu) << said[i].comm;
    EXPECT_EQ(found->dsq, said[i].dsq) << said[i].comm;
    EXPECT_GE(found->milliseconds, said[i].milliseconds) << said[i].comm;
  }
  EXPECT_EQ(shown.front().pid, said.front().pid);
  std::printf("%zu starving tasks as the kernel lists them; %s[%lld] for %lld ms\n", said.size(),
              shown.front().comm.c_str(), static_cast<long long>(shown.front().pid),
              static_cast<long long>(shown.front().milliseconds));
}

TEST_F(Schedulers, StarvingTheTextNamesTheLongestWaiters) {
  ASSERT_NO_FATAL_FAILURE(open("starving"));
  const Ran done = run({"dump", core.string(), "--config", MAPSCOPE_CONFIGS "/sched_ext.toml"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const auto said = forgotten_in(stated()["dump"].GetString());
  ASSERT_GE(said.size(), 3U);
  std::istringstream beginning(first_lines(done.out, 10));
  std::string line;
  while (std::getline(beginning, line) && line.find(" waited ") == line.npos) {
  }
  for (std::size_t i = 0; i < 3; ++i, std::getline(beginning, line))
    for (const std::string& part : {said[i].comm + "[" + std::to_string(said[i].pid) + "]",
                                    "CPU " + std::to_string(said[i].cpu), std::string("queue")})
      EXPECT_NE(line.find(part), std::string::npos) << part << " is not in: " << line;
}

TEST_F(Schedulers, StarvingThePageOfATaskTellsOfNoOther) {
  ASSERT_NO_FATAL_FAILURE(open("starving", {"cpus"}));
  const auto waiting = waiting_in(state());
  ASSERT_GE(waiting.size(), 2U);
  const auto page = dump(core, {"--task", std::to_string(waiting[1].pid)});
  const std::string own = "[" + std::to_string(waiting[1].pid) + "] has waited ",
                    other = "[" + std::to_string(waiting[0].pid) + "] has waited ";
  EXPECT_THAT(as_text(page["findings"]), testing::HasSubstr(own));
  EXPECT_THAT(as_text(page["findings"]), testing::Not(testing::HasSubstr(other)));
  EXPECT_THAT(as_text(page["findings"]), testing::Not(testing::HasSubstr("more tasks have waited")));
}

TEST_F(Schedulers, StarvingItIsNotThrownOutYet) {
  ASSERT_NO_FATAL_FAILURE(open("starving", {"state", "schedulers"}));
  EXPECT_STREQ(state()["state"].GetString(), "enabled");
  EXPECT_FALSE(state().HasMember("exit"));
  EXPECT_EQ(state()["schedulers"][0]["timeout_ms"].GetUint64(), 5000U); // as scx_qmap asks for
}

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
