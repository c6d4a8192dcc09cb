// SPDX-License-Identifier: Apache-2.0
// Schedulers that keep their tasks in maps, by process id and by control group: scx_central, scx_pair and
// scx_flatcg of the kernel's tree, against what the guest and the kernel say of the same tasks.
#include "scheduler_fixture.hpp"
#include "values.hpp"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace mapscope::guest {
namespace {

/// One task a CPU may be on its way from a queue to a run queue.
constexpr std::size_t cpus = 2;

class SchedulerQueues : public Schedulers {
protected:
  /// Every counter that the scheduler has, as bpf(2) gave it on both sides of the moment.
  void expect_counters(const std::string& section, unsigned least) {
    unsigned compared = 0;
    const Value &low = stated()["before"]["counters"], &high = stated()["after"]["counters"];
    for (const auto& [name, value] : low.GetObject()) {
      const auto shown = counter(section, name.GetString());
      if (!shown || std::string_view(name.GetString()) == "nr_queued") continue; // how many there are now
      EXPECT_GE(*shown, value.GetInt64()) << name.GetString();
      EXPECT_LE(*shown, high[name.GetString()].GetInt64()) << name.GetString();
      ++compared;
    }
    EXPECT_GE(compared, least);
    std::printf("%u counters between what the guest saw before and after\n", compared);
  }

  /// Tasks that the kernel has handed to the scheduler and that wait on none of its queues, by pid.
  std::map<std::int64_t, const Value*> in_its_hands() const {
    std::map<std::int64_t, const Value*> found;
    for (const auto& cpu : state()["cpus"].GetArray())
      for (const auto& task : cpu["runnable"].GetArray())
        if (!task.HasMember("dsq") && task["ops_state"] == "QUEUED")
          found.emplace(task["pid"].GetInt64(), &task);
    return found;
  }

  /// Of the tasks that one CPU handed over, the first has waited longest: they leave in the order they came.
  static void expect_order(const Value& queue) {
    std::map<unsigned, std::uint64_t> last; // by CPU
    for (const auto& task : queue["tasks"].GetArray()) {
      const std::uint64_t waited = task["waited_ms"].GetUint64();
      const auto before = last.emplace(task["cpu"].GetUint(), waited).first;
      EXPECT_LE(waited, before->second) << as_text(task);
      before->second = waited;
    }
  }

  const Value* queue_of(unsigned map) const {
    for (const auto& queue : state()["map_queues"].GetArray())
      if (queue["map"].GetUint() == map) return &queue;
    return nullptr;
  }

private:
  std::optional<std::int64_t> counter(const std::string& section, const std::string& name) const {
    if (name.starts_with("stats[")) return statistic(name.substr(6));
    const Value* const map = map_by_name(report, section);
    return map != nullptr ? std::optional(number_of((*map)["value"], name)) : std::nullopt;
  }
  /// Over all CPUs, of an element of the map "stats" of the scheduler that was started last.
  std::optional<std::int64_t> statistic(const std::string& index) const {
    std::optional<std::int64_t> sum;
    for (const auto& map : report["maps"].GetArray())
      if (map["name"] == "stats" && map.HasMember("percpu_entries")) sum = statistic_in(map, index);
    return sum;
  }
  static std::optional<std::int64_t> statistic_in(const Value& map, const std::string& index) {
    for (const auto& entry : map["percpu_entries"].GetArray()) {
      if (std::to_string(entry["key"].GetUint()) + "]" != index) continue;
      std::int64_t sum = 0;
      for (const auto& copy : entry["per_cpu"].GetArray()) {
        if (!copy.HasMember("value")) return std::nullopt; // without types, as scx_simple declares it
        sum += copy["value"].GetInt64();
      }
      return sum;
    }
    return std::nullopt;
  }
};

/// Over all CPUs, of an element whose type nobody tells.
std::uint64_t untyped_sum(const Value& map, unsigned key) {
  std::uint64_t sum = 0;
  for (const auto& copy : map["percpu_entries"][key]["per_cpu_hex"].GetArray()) {
    const std::string hex = without_blanks(copy.GetString());
    for (std::size_t byte = 0; byte < hex.size() / 2; ++byte)
      sum += std::stoull(hex.substr(byte * 2, 2), nullptr, 16) << byte * 8;
  }
  return sum;
}

/// The last number that it printed so; it prints every second.
std::uint64_t last_printed(const std::string& output, const std::string& name) {
  const std::size_t at = output.rfind(name + "=");
  return at == output.npos ? 0 : std::stoull(output.substr(at + name.size() + 1));
}

/// scx_simple has one queue of the kernel's, and counts in a map without types.
TEST_F(SchedulerQueues, SimpleHasCountedWhatItPrintedAndMore) {
  ASSERT_NO_FATAL_FAILURE(open("simple", {"schedulers", "dsqs"}));
  EXPECT_STREQ(state()["schedulers"][0]["name"].GetString(), "simple");
  const Value* const stats = map_by_name(report, "stats");
  ASSERT_NE(stats, nullptr);
  const std::string output = stated()["output"].GetString();
  const Value &low = stated()["before"]["counters"], &high = stated()["after"]["counters"];
  for (const auto& [key, name] : {std::pair(0U, "local"), std::pair(1U, "global")}) {
    const std::uint64_t shown = untyped_sum(*stats, key);
    const std::string counter = "stats[" + std::to_string(key) + "]";
    EXPECT_GE(shown, last_printed(output, name)) << name;
    EXPECT_GE(shown, low[counter.c_str()].GetUint64()) << name;
    EXPECT_LE(shown, high[counter.c_str()].GetUint64()) << name;
  }
  EXPECT_GT(last_printed(output, "global"), 0U);
  expect_counters("scx_simp.bss", 1);
}

std::vector<std::int64_t> values_in(const Value& map) {
  std::vector<std::int64_t> numbers;
  for (const auto& element : map["elements"].GetArray())
    numbers.push_back(element["value"]["value"].GetInt64());
  return numbers;
}

std::vector<std::int64_t> pids_in_order(const Value& queue) {
  std::vector<std::int64_t> pids;
  for (const auto& task : queue["tasks"].GetArray()) pids.push_back(task["pid"].GetInt64());
  return pids;
}

const Value* context_called(const Value& of, const std::string& name) {
  if (!of.HasMember("contexts")) return nullptr;
  for (const auto& context : of["contexts"].GetArray())
    if (context["name"].GetString() == name) return &context["value"];
  return nullptr;
}

TEST_F(SchedulerQueues, CentralHasEveryTaskInItsHandsOnItsQueueInOrder) {
  ASSERT_NO_FATAL_FAILURE(open("central", {"cpus", "map_queues"}));
  expect_counters("scx_cent.bss", 8);
  ASSERT_EQ(state()["map_queues"].Size(), 1U);
  const Value& queue = state()["map_queues"][0];
  EXPECT_STREQ(queue["name"].GetString(), "central_q");
  const auto pids = pids_in_order(queue);
  EXPECT_EQ(pids, values_in(*map_by_name(report, "central_q")));
  const auto waiting = in_its_hands();
  std::size_t missing = waiting.size();
  for (const std::int64_t pid : std::set(pids.begin(), pids.end())) missing -= waiting.count(pid);
  EXPECT_LE(missing, cpus);
  EXPECT_GT(pids.size(), 20U);
  expect_order(queue);
  EXPECT_EQ(queue["tasks"][7]["place"].GetUint(), 7U);
  std::printf("%zu tasks on central_q, %zu of the scheduler's not there\n", pids.size(), missing);
}

/// It counts CPUs in arrays as long as there are CPUs.
TEST_F(SchedulerQueues, CentralHasOfEachCpuWhatItsArraysHave) {
  ASSERT_NO_FATAL_FAILURE(open("central", {"cpus"}));
  for (const auto& cpu : state()["cpus"].GetArray()) {
    std::set<std::string> names;
    for (const auto& context : cpu["contexts"].GetArray()) {
      names.insert(context["name"].GetString());
      EXPECT_EQ(context["index"], cpu["cpu"]);
    }
    EXPECT_EQ(names, (std::set<std::string>{"cpu_gimme_task", "cpu_started_at"}));
  }
}

/// Its variables lie in an arena, whose map was made without types.
TEST_F(SchedulerQueues, QmapHasOfEachCpuItsContextInTheArena) {
  ASSERT_NO_FATAL_FAILURE(open("starving", {"cpus"}));
  const std::string dump = stated()["dump"].GetString(); // the scheduler's own words for each CPU
  for (const auto& cpu : state()["cpus"].GetArray()) {
    const Value* const context = context_called(cpu, "qa.cpu_ctxs");
    ASSERT_NE(context, nullptr) << as_text(cpu);
    const std::string target = std::to_string(number_of(*context, "cpuperf_target"));
    EXPECT_NE(dump.find("cpuperf_target=" + target), std::string::npos) << target;
    EXPECT_EQ(context_called(cpu, "qidx_to_cpuperf_target"), nullptr) << "by another index";
  }
}

TEST_F(SchedulerQueues, PairHasAQueueOfTasksForEachGroup) {
  ASSERT_NO_FATAL_FAILURE(open("pair", {"cpus", "map_queues", "cgroups"}));
  expect_counters("scx_pair.bss", 10);
  const auto waiting = in_its_hands();
  std::size_t queued = 0, missing = waiting.size();
  for (const auto& queue : state()["map_queues"].GetArray()) {
    if (!queue.HasMember("tasks")) continue;
    EXPECT_EQ(pids_in_order(queue), values_in(*map_by_id(report, queue["map"].GetUint())));
    for (const std::int64_t pid : pids_in_order(queue)) ++queued, missing -= waiting.count(pid);
    expect_order(queue);
  }
  EXPECT_GT(queued, 20U);
  EXPECT_LE(missing, cpus);
  std::printf("%zu tasks on the queues of groups, %zu of the scheduler's not there\n", queued, missing);
}

/// The hash of queues by group, and the queue of groups.
TEST_F(SchedulerQueues, PairHasOfEachGroupItsQueue) {
  ASSERT_NO_FATAL_FAILURE(open("pair", {"map_queues", "cgroups"}));
  const Value* const top = map_by_name(report, "top_q");
  ASSERT_NE(top, nullptr);
  const Value* const groups = queue_of((*top)["id"].GetUint());
  ASSERT_NE(groups, nullptr);
  std::vector<std::int64_t> ids;
  for (const auto& group : (*groups)["cgroups"].GetArray()) ids.push_back(group["id"].GetInt64());
  EXPECT_EQ(ids, values_in(*top));
  for (const auto& group : state()["cgroups"].GetArray()) {
    ASSERT_TRUE(group.HasMember("contexts")) << as_text(group);
    EXPECT_STREQ(group["contexts"][0]["name"].GetString(), "cgrp_q_idx_hash");
    EXPECT_EQ(group["contexts"][0]["keys"].GetUint(), state()["cgroups"].Size());
  }
}

class SchedulerGroups : public SchedulerQueues {
protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(open("cgroups", {"cpus", "dsqs", "cgroups", "tasks"}));
    for (const auto& group : state()["cgroups"].GetArray()) groups.emplace(group["path"].GetString(), &group);
  }
  std::map<std::string, const Value*> groups; ///< by path
};

/// As the guest made them.
TEST_F(SchedulerGroups, EveryGroupIsListedWithItsWeightAndTasks) {
  const std::map<std::string, unsigned> weights = {
      {"/", 100}, {"/batch", 50}, {"/site", 300}, {"/site/web", 200}, {"/site/db", 100}};
  ASSERT_EQ(groups.size(), weights.size());
  for (const auto& [path, weight] : weights) {
    ASSERT_TRUE(groups.contains(path)) << path;
    EXPECT_EQ((*groups[path])["weight"].GetUint(), weight) << path;
  }
  EXPECT_EQ((*groups["/site"])["nr_tasks"].GetUint(), 0U);
  for (const std::string name : {"batch", "web", "db"}) {
    unsigned tasks = 0;
    for (const auto& task : state()["tasks"].GetArray())
      tasks += std::string(task["comm"].GetString()).starts_with(name + "-") ? 1 : 0;
    EXPECT_EQ((*groups[name == "batch" ? "/batch" : "/site/" + name])["nr_tasks"].GetUint(), tasks) << name;
  }
}

TEST_F(SchedulerGroups, EveryTaskSaysInWhichGroupItIs) {
  unsigned in_groups = 0;
  for (const auto& task : state()["tasks"].GetArray()) {
    const std::string comm = task["comm"].GetString(), name = comm.substr(0, comm.find('-'));
    if (name != "batch" && name != "web" && name != "db") {
      EXPECT_FALSE(task.HasMember("cgroup")) << as_text(task);
      continue;
    }
    ++in_groups;
    ASSERT_TRUE(task.HasMember("cgroup")) << as_text(task);
    EXPECT_EQ(task["cgroup"], (*groups[name == "batch" ? "/batch" : "/site/" + name])["id"]) << as_text(task);
  }
  EXPECT_EQ(in_groups, 3U * 14);
}

/// The scheduler's own context of each, and its own count of who can run.
TEST_F(SchedulerGroups, EachGroupHasItsContextBeside) {
  for (const auto& [path, group] : groups) {
    const Value* const context = context_called(*group, "cgrp_ctx");
    ASSERT_NE(context, nullptr) << path;
    EXPECT_EQ(number_of(*context, "weight"), (*group)["weight"].GetInt64()) << path;
    const Value* const stash = context_called(*group, "cgv_node_stash");
    ASSERT_NE(stash, nullptr) << path;
  }
  std::int64_t counted = 0, runnable = 0;
  for (const auto& [path, group] : groups) {
    counted += number_of(*context_called(*group, "cgrp_ctx"), "nr_runnable");
    runnable += (*group)["nr_runnable"].GetInt64();
  }
  // The kernel's list lacks the one that each CPU runs; the group at the top counts active groups below it.
  EXPECT_NEAR(static_cast<double>(counted), static_cast<double>(runnable), 2.0 * cpus + 2);
  std::printf("%zu groups, %lld tasks can run and the scheduler counts %lld\n", groups.size(),
              static_cast<long long>(runnable), static_cast<long long>(counted));
}

TEST_F(SchedulerGroups, EachCpuHasTheGroupThatItRuns) {
  std::set<std::int64_t> ids = {0};
  for (const auto& [path, group] : groups) ids.insert((*group)["id"].GetInt64());
  for (const auto& cpu : state()["cpus"].GetArray()) {
    const Value* const context = context_called(cpu, "cpu_ctx");
    ASSERT_NE(context, nullptr);
    EXPECT_TRUE(ids.contains(number_of(*context, "cur_cgid"))) << as_text(*context);
  }
}

/// The tree that it takes the next group from; those that are in it have no node in the stash.
TEST_F(SchedulerGroups, ItsTreeShowsTheGroupsThatCompete) {
  const Value* const section = map_by_name(report, ".data.CGV_TREE");
  ASSERT_NE(section, nullptr);
  const Value* const tree = member_of((*section)["value"], "cgv_tree");
  ASSERT_NE(tree, nullptr);
  EXPECT_FALSE(tree->HasMember("problem")) << as_text(*tree);
  std::set<std::int64_t> in_tree;
  for (const auto& node : (*tree)["elements"].GetArray()) in_tree.insert(number_of(node, "cgid"));
  EXPECT_EQ(in_tree.size(), (*tree)["length"].GetUint());
  EXPECT_GE(in_tree.size(), 1U);
  for (const auto& [path, group] : groups) {
    const bool is_stashed = member_of(*context_called(*group, "cgv_node_stash"), "node")
                                ->FindMember("value")
                                ->value.GetUint64() != 0;
    if (in_tree.contains((*group)["id"].GetInt64())) {
      EXPECT_FALSE(is_stashed) << path;
    }
  }
}

TEST_F(SchedulerGroups, ItsStatisticsLieBetweenWhatTheGuestSaw) { expect_counters("scx_flat.bss", 20); }

} // namespace
} // namespace mapscope::guest
