// SPDX-License-Identifier: Apache-2.0
// What was found of sched_ext as fields of the report, by the names that sched_ext.hpp lists. Nothing is read
// here.
#pragma once

#include "../counted.hpp"
#include "cpus.hpp"
#include "task_queues.hpp"
#include "user_exits.hpp"

namespace mapscope::builtin {

class ScxEmitter {
public:
  ScxEmitter(Call& call, ScxExits& exits, ScxTasks& tasks, const Jiffies& clock)
      : call_(call), exits_(exits), tasks_(tasks), clock_(clock), ops_flags_(call, {"enum scx_ops_flags"}),
        rq_flags_(call, {"enum scx_rq_flags"}), group_flags_(call, {"enum scx_tg_flags"}) {}

  /// A task says whose it is by the address. With one scheduler there is nothing to tell apart.
  void name_owners(const std::vector<Scheduler>& schedulers) {
    if (schedulers.size() < 2) return;
    for (const Scheduler& scheduler : schedulers)
      names_.emplace(scheduler.address, scheduler.name.value_or(""));
  }

  /// A task says in which control group it is, unless that is the root.
  void know_groups(const std::vector<ScxGroup>& groups) {
    for (std::size_t i = 1; i < groups.size(); ++i)
      if (groups[i].id) group_ids_.emplace(groups[i].task_group, *groups[i].id);
  }

  void exit(const ScxExit& exit) {
    call_.object("exit");
    call_.text("source", exit.source);
    call_.text("scheduler", exit.scheduler);
    exits_.emit(exit);
    call_.end();
  }

  void scheduler(const Scheduler& scheduler, bool with_dump) {
    call_.object(nullptr);
    emit_name(call_, "name", scheduler.name);
    call_.text("source", scheduler.source);
    if (scheduler.address != 0) call_.address("address", scheduler.address);
    call_.flag("attached", scheduler.attached);
    tasks_.emit("level", scheduler.level);
    cgroup(scheduler);
    if (scheduler.flags) flags(*scheduler.flags, ops_flags_);
    for (const auto& [field, value] : scheduler.numbers) call_.number(field, value);
    if (scheduler.watchdog_timeout)
      tasks_.emit("watchdog_timeout_ms", clock_.ms(*scheduler.watchdog_timeout));
    if (scheduler.aborting) call_.flag("aborting", *scheduler.aborting);
    if (scheduler.exit) {
      call_.object("exit");
      exits_.emit(*scheduler.exit, with_dump);
      call_.end();
    }
    events(scheduler);
    call_.end();
  }

  void user_exit(const UserExit& user, bool with_dump) {
    call_.object(nullptr);
    call_.number("map", user.map);
    call_.text("section", user.section);
    call_.text("variable", user.variable);
    exits_.emit(user.exit, with_dump);
    call_.end();
  }

  void cpu(const ScxCpu& cpu) {
    call_.object(nullptr);
    call_.number("cpu", cpu.cpu);
    for (const auto& [field, value] : cpu.numbers) call_.number(field, value);
    if (cpu.flags) flags(*cpu.flags, rq_flags_);
    if (cpu.released) call_.flag("cpu_released", *cpu.released);
    if (cpu.bypassed) call_.flag("bypassed", true);
    if (cpu.curr) curr(cpu);
    for (const auto& [field, ranges] : cpu.masks) call_.text(field, ranges);
    call_.list("runnable");
    for (const std::size_t place : waiting(cpu.runnable)) task(place, true);
    call_.end();
    longest_waiter(cpu.runnable, cpu.curr);
    emit_contexts(call_, cpu.contexts);
    call_.end();
  }

  void group(const ScxGroup& group) {
    call_.object(nullptr);
    emit_group(group);
    for (const auto& [field, value] : group.numbers) call_.number(field, value);
    if (group.idle) call_.flag("idle", *group.idle);
    if (group.flags) flags(*group.flags, group_flags_);
    call_.number("nr_tasks", group.nr_tasks);
    call_.number("nr_runnable", group.runnable.size());
    longest_waiter(group.runnable, std::nullopt);
    emit_contexts(call_, group.contexts);
    call_.end();
  }

  void queue(const Queue& queue) {
    call_.object(nullptr);
    call_.text("kind", queue.kind);
    tasks_.emit_queue_id(queue.id);
    tasks_.emit("cpu", queue.cpu);
    tasks_.emit("node", queue.node);
    if (!queue.scheduler.empty()) call_.text("scheduler", queue.scheduler);
    tasks_.emit("nr", queue.nr);
    tasks_.emit("seq", queue.seq);
    call_.list("tasks");
    for (const std::size_t place : waiting(queue.tasks)) queued(tasks_[place]);
    call_.end();
    longest_waiter(queue.tasks, std::nullopt);
    call_.end();
  }

  void task_queue(const TaskQueue& queue, const std::vector<ScxGroup>& groups) {
    call_.object(nullptr);
    call_.number("map", queue.map);
    if (!queue.name.empty()) call_.text("name", queue.name);
    if (queue.is_stack) call_.flag("stack", true);
    if (!queue.tasks.empty()) {
      call_.list("tasks");
      std::size_t number = 0;
      for (const std::size_t place : waiting(queue.tasks)) queued(tasks_[place], number++);
      call_.end();
      longest_waiter(queue.tasks, std::nullopt);
    }
    if (!queue.groups.empty()) {
      call_.list("cgroups");
      for (const std::size_t place : limited(queue.groups)) group_name(groups[place]);
      call_.end();
    }
    call_.end();
  }

  void task(std::size_t place, bool waits) {
    const ScxTask& task = tasks_[place];
    call_.object(nullptr);
    tasks_.emit(task, owner(task));
    if (const auto group = group_ids_.find(task.group.value_or(0)); group != group_ids_.end())
      call_.number("cgroup", group->second);
    if (waits) tasks_.emit_waiting(task, clock_);
    call_.end();
  }

  /// What of a list is shown.
  template <class T> [[nodiscard]] std::span<const T> limited(const std::vector<T>& list) const {
    const std::size_t limit = call_.target.row_limit != 0 ? call_.target.row_limit : list.size();
    return std::span(list).first(std::min(list.size(), limit));
  }

  /// The lists of those who wait are many: what all of them leave out is said once.
  void note_left_out() {
    if (left_out_ != 0)
      call_.note(
          MSC_STOP,
          counted(left_out_, "waiting task is|waiting tasks are", "not listed; --limit 0 lists all").c_str());
    left_out_ = 0;
  }

private:
  void emit_group(const ScxGroup& group) {
    tasks_.emit("id", group.id);
    emit_name(call_, "path", group.path);
  }
  void group_name(const ScxGroup& group) {
    call_.object(nullptr);
    emit_group(group);
    call_.end();
  }

  [[nodiscard]] std::span<const std::size_t> waiting(const std::vector<std::size_t>& places) {
    const auto shown = limited(places);
    left_out_ += places.size() - shown.size();
    return shown;
  }

  void flags(std::uint64_t flags, const Enum& names) {
    call_.number("flags", flags);
    emit_texts(call_, "flag_names", names.flag_names(flags));
  }

  void cgroup(const Scheduler& scheduler) {
    if (!scheduler.cgroup_id) return;
    call_.object("cgroup");
    call_.number("id", *scheduler.cgroup_id);
    emit_name(call_, "path", scheduler.cgroup_path);
    call_.end();
  }

  void events(const Scheduler& scheduler) {
    if (scheduler.events.empty()) return;
    call_.object("events");
    for (const auto& [name, sum] : scheduler.events) call_.signed_number(name.c_str(), sum);
    call_.end();
  }

  void curr(const ScxCpu& cpu) {
    const ScxTask& task = tasks_[*cpu.curr];
    call_.object("curr");
    tasks_.emit_who(task);
    if (!cpu.curr_class.empty()) call_.text("class", cpu.curr_class);
    call_.end();
  }

  /// `number`: its place on a queue of the scheduler's own.
  void queued(const ScxTask& task, std::optional<std::size_t> number = std::nullopt) {
    call_.object(nullptr);
    tasks_.emit("place", number);
    tasks_.emit_who(task);
    if (number && !tasks_.is_in_custody(task)) call_.flag("in_custody", false);
    tasks_.emit_waited(task, clock_);
    tasks_.emit("dsq_vtime", task.dsq_vtime);
    tasks_.emit("slice", task.slice);
    tasks_.emit("weight", task.weight);
    call_.end();
  }

  void longest_waiter(const std::vector<std::size_t>& places, std::optional<std::size_t> running) {
    const ScxTask* longest = nullptr;
    const auto waited = [&](const ScxTask& task) { return ScxTasks::waited(task, clock_).value_or(0); };
    for (const std::size_t place : places)
      if (place != running && (longest == nullptr || waited(tasks_[place]) > waited(*longest)))
        longest = &tasks_[place];
    if (longest == nullptr || !ScxTasks::waited(*longest, clock_)) return;
    call_.object("longest_waiter");
    tasks_.emit_who(*longest);
    tasks_.emit_waited(*longest, clock_);
    call_.end();
  }

  [[nodiscard]] std::string owner(const ScxTask& task) const {
    const auto found = task.sched ? names_.find(*task.sched) : names_.end();
    return found != names_.end() ? found->second : "";
  }

  Call& call_;
  ScxExits& exits_;
  ScxTasks& tasks_;
  const Jiffies& clock_;
  std::unordered_map<std::uint64_t, std::string> names_;       ///< of schedulers, by their addresses
  std::unordered_map<std::uint64_t, std::uint64_t> group_ids_; ///< by the task_group's address
  Enum ops_flags_, rq_flags_, group_flags_;
  std::uint64_t left_out_ = 0; ///< tasks of lists of those who wait
};

} // namespace mapscope::builtin
