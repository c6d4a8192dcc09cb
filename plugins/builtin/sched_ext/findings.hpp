// SPDX-License-Identifier: Apache-2.0
// What a person who asks about sched_ext wants first: why a scheduler left, and who has been waiting for too
// long.
#pragma once

#include "cpus.hpp"

namespace mapscope::builtin {

class ScxFindings {
public:
  ScxFindings(Call& call, const ScxTasks& tasks, const Queues& queues, const Jiffies& clock)
      : call_(call), tasks_(tasks), queues_(queues), clock_(clock) {}

  void exit(const ScxExit& exit, bool attached) {
    std::string text =
        "scheduler \"" + exit.scheduler + "\" " + (attached ? "is on its way out" : verb(exit));
    text += ": " + (exit.reason.value_or("").empty() ? "the reason is not known" : *exit.reason);
    if (!exit.kind_name.empty()) text += " (" + exit.kind_name + ")";
    if (exit.msg && !exit.msg->empty()) text += ": " + *exit.msg;
    if (exit.source == "log") text += "; its record is gone, the kernel's log says so";
    if (exit.source == "user_exit_info") text += "; the kernel's record is gone, its own says so";
    call_.finding(exit.is_error ? MSC_ERROR : MSC_INFO, text.c_str());
  }

  /// The longest first. `watchdog_ms`: after how long the scheduler is thrown out; 0 = not known.
  void waiters(const std::vector<ScxCpu>& cpus, std::uint64_t watchdog_ms) {
    std::vector<Waiter> all = starving(cpus);
    for (const Waiter& waiter : std::span(all).first(std::min(all.size(), most_named)))
      call_.finding(MSC_WARNING, describe(waiter, watchdog_ms).c_str());
    if (all.size() > most_named)
      call_.finding(MSC_WARNING,
                    (std::to_string(all.size() - most_named) + " more tasks have waited longer than " +
                     std::to_string(long_ms) + " ms to run")
                        .c_str());
  }

private:
  /// No scheduler keeps a task that can run waiting for so long on purpose; the watchdog's own limit is 30 s.
  static constexpr std::uint64_t long_ms = 1000;
  static constexpr std::size_t most_named = 5;
  struct Waiter {
    std::uint64_t ms;
    std::uint32_t cpu;
    std::size_t task;
  };

  static const char* verb(const ScxExit& exit) { return exit.is_error ? "was thrown out" : "has left"; }

  std::vector<Waiter> starving(const std::vector<ScxCpu>& cpus) const {
    std::vector<Waiter> all;
    for (const ScxCpu& cpu : cpus)
      for (const std::size_t place : cpu.runnable)
        if (const auto ms = ScxTasks::waited(tasks_[place], clock_);
            ms.value_or(0) >= long_ms && cpu.curr != place)
          all.push_back({*ms, cpu.cpu, place});
    std::ranges::stable_sort(all, std::greater{}, &Waiter::ms);
    return all;
  }

  [[nodiscard]] std::string describe(const Waiter& waiter, std::uint64_t watchdog_ms) const {
    const ScxTask& task = tasks_[waiter.task];
    std::string text = task.label() + " has waited " + std::to_string(waiter.ms) + " ms to run on CPU " +
                       std::to_string(waiter.cpu) + ", " + place_of(task);
    if (watchdog_ms != 0 && waiter.ms >= watchdog_ms)
      text += "; the watchdog's limit of " + std::to_string(watchdog_ms) + " ms is over";
    else if (watchdog_ms != 0)
      text += "; the watchdog throws the scheduler out after " + std::to_string(watchdog_ms) + " ms";
    return text;
  }

  [[nodiscard]] std::string place_of(const ScxTask& task) const {
    if (!task.dsq) return "on a queue that is not known";
    if (*task.dsq == 0) return "on no dispatch queue: it is the scheduler's own to dispatch";
    const Queue* queue = queues_.at(*task.dsq);
    if (queue == nullptr)
      return task.dsq_id ? "on the " + tasks_.queue_kind(*task.dsq_id) + " queue " + hex(*task.dsq_id)
                         : "on a queue that is not known";
    std::string text = "on the " + queue->kind + " queue";
    if (queue->kind == "user" && queue->id) text += " " + hex(*queue->id);
    if (queue->cpu) text += " of CPU " + std::to_string(*queue->cpu);
    if (queue->node) text += " of node " + std::to_string(*queue->node);
    return text +
           (queue->nr ? " (" + std::to_string(*queue->nr) + (*queue->nr == 1 ? " task)" : " tasks)") : "");
  }

  static std::string hex(std::uint64_t number) {
    char text[20] = "0x0";
    std::size_t at = 2;
    for (unsigned shift = 64; shift != 0; shift -= 4) {
      const unsigned digit = number >> (shift - 4) & 15;
      if (digit != 0 || at != 2 || shift == 4) text[at++] = "0123456789abcdef"[digit];
    }
    return {text, at};
  }

  Call& call_;
  const ScxTasks& tasks_;
  const Queues& queues_;
  const Jiffies& clock_;
};

} // namespace mapscope::builtin
