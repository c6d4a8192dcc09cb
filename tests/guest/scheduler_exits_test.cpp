// SPDX-License-Identifier: Apache-2.0
// Real sched_ext schedulers that failed: why they were thrown out, and who starves under one that will be,
// against what the guest and its kernel said (loader/scheduler.hpp).
#include "scheduler_fixture.hpp"
#include "scheduler_log.hpp"
#include "values.hpp"

#include <algorithm>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace mapscope::guest {
namespace {

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

} // namespace
} // namespace mapscope::guest
