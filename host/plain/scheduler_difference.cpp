// SPDX-License-Identifier: Apache-2.0
#include "host/plain/scheduler_difference.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>

namespace mapscope::plain {

namespace {

struct Task {
  std::string comm, queue;
  std::optional<std::uint64_t> waited; ///< ms, of one that can run
};

using Tasks = std::map<std::uint32_t, Task>; ///< by pid

std::string queue_of(const Object& task) {
  const auto kind = task.text("dsq");
  if (!kind) return "no queue";
  const auto id = task.number("dsq_id");
  return *kind == "user" && id ? fmt::format("{} DSQ {}", *kind, *id) : fmt::format("{} DSQ", *kind);
}

Tasks tasks_of(const Object& part) {
  Tasks tasks;
  for (const std::string_view text : elements_of(part.find("tasks"))) {
    const Object task(text);
    if (const auto pid = task.small_number("pid"))
      tasks[*pid] = {task.text("comm").value_or(""), queue_of(task), std::nullopt};
  }
  for (const std::string_view cpu : elements_of(part.find("cpus")))
    for (const std::string_view text : elements_of(Object(cpu).find("runnable"))) {
      const Object task(text);
      const auto pid = task.small_number("pid");
      if (const auto known = pid ? tasks.find(*pid) : tasks.end(); known != tasks.end())
        known->second.waited = task.number("waited_ms");
    }
  return tasks;
}

constexpr std::uint64_t ns_per_ms = 1'000'000;

struct Clock {
  std::uint64_t jiffies = 0, jiffy_ns = 0;
};

Clock clock_of(const Object& part) {
  return {part.number("jiffies").value_or(0), part.number("jiffy_ns").value_or(0)};
}

/// 0 where the clock does not say, or went back.
std::uint64_t elapsed_ms(const Clock& before, const Clock& after) {
  std::uint64_t ns = 0;
  if (before.jiffy_ns == 0 || before.jiffy_ns != after.jiffy_ns || after.jiffies <= before.jiffies) return 0;
  if (__builtin_mul_overflow(after.jiffies - before.jiffies, before.jiffy_ns, &ns)) return 0;
  return ns / ns_per_ms;
}

} // namespace

SchedulerDifference scheduler_difference(std::string_view before, std::string_view after) {
  const Object old(before), now(after);
  const Clock clock = clock_of(now);
  SchedulerDifference found{.elapsed_ms = elapsed_ms(clock_of(old), clock)};
  if (found.elapsed_ms == 0) return found;
  const std::uint64_t unsure = 2 * (clock.jiffy_ns / ns_per_ms + 1); // both waits are whole jiffies
  const Tasks was = tasks_of(old);
  for (const auto& [pid, task] : tasks_of(now)) {
    const auto known = was.find(pid);
    if (known == was.end() || known->second.comm != task.comm) continue;
    const Task& then = known->second;
    const TaskDifference difference{
        pid, task.comm, then.queue, task.queue, then.waited.value_or(0), task.waited.value_or(0)};
    if (then.queue != task.queue) found.moved.push_back(difference);
    if (then.waited && task.waited && *task.waited + unsure >= *then.waited + found.elapsed_ms)
      found.stalled.push_back(difference);
  }
  std::ranges::stable_sort(found.stalled, std::greater<>(), &TaskDifference::waited_after);
  return found;
}

} // namespace mapscope::plain
