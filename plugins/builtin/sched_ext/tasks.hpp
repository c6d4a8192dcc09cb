// SPDX-License-Identifier: Apache-2.0
// Tasks as sched_ext has them: the entity that every task carries (struct sched_ext_entity in
// task_struct.scx).
//
// Each is read once, whichever lists it is on; lists are of places in one table.
#pragma once

#include "../cpumask.hpp"
#include "../list.hpp"
#include "clock.hpp"
#include "enum.hpp"

#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace mapscope::builtin {

struct ScxTask {
  std::optional<std::int32_t> pid, tgid, sticky_cpu, holding_cpu;
  std::optional<std::string> comm, cpus;
  std::optional<std::uint32_t> cpu, flags, weight, dsq_flags;
  std::optional<std::uint64_t> dsq, dsq_id, slice, dsq_vtime, ops_state, runnable_at, sched, sched_class,
      migration_disabled, group;

  [[nodiscard]] std::string label() const {
    return comm.value_or("?") + "[" + (pid ? std::to_string(*pid) : "?") + "]";
  }
};

/// A list that runs in a circle was followed some way round before that was seen.
inline void drop_repeated(std::vector<std::size_t>& places) {
  std::unordered_set<std::size_t> seen;
  std::erase_if(places, [&](std::size_t place) { return !seen.insert(place).second; });
}

class ScxTasks {
public:
  explicit ScxTasks(Call& call)
      : call_(call), masks_(call), entity_(call.kernel_type("struct sched_ext_entity")),
        task_(call.kernel_type("struct task_struct")), ops_states_(call, {"enum scx_ops_state"}),
        ent_flags_(call, {"enum scx_ent_flags"}), dsq_ids_(call, {"enum scx_dsq_id_flags"}) {
    scx_ = call.offset(task_, "scx");
    node_ = call.offset(entity_, "tasks_node");
    runnable_node_ = call.offset(entity_, "runnable_node");
    state_mask_ = ent_flags_.value("SCX_TASK_STATE_MASK").value_or(0);
    cpu_ = call.offset_if(task_, "thread_info.cpu");
    if (!cpu_) cpu_ = call.offset_if(task_, "cpu");
  }

  /// All that are on the list scx_tasks. An iteration under way has an entity of its own there, which is no
  /// task's.
  std::vector<std::size_t> all() {
    const auto head = call_.symbol_address("scx_tasks");
    if (!head) throw Stop{MSC_ENOENT};
    return listed(*head, node_);
  }
  /// Those on a run queue's runnable_list.
  std::vector<std::size_t> runnable(std::uint64_t head) { return listed(head, runnable_node_); }

  /// The one whose struct task_struct, or whose entity, is there.
  std::size_t of_task(std::uint64_t task) { return of_entity(task + scx_); }
  std::size_t of_entity(std::uint64_t entity) {
    if (const auto known = places_.find(entity); known != places_.end()) return known->second;
    tasks_.push_back(read(entity)); // which may end here, and then there is no place
    return places_.emplace(entity, tasks_.size() - 1).first->second;
  }
  [[nodiscard]] const ScxTask& operator[](std::size_t place) const { return tasks_[place]; }

  /// "ENABLED" of enum scx_ent_flags; "" when it could not be read.
  [[nodiscard]] std::string state(const ScxTask& task) const {
    if (!task.flags || state_mask_ == 0) return "";
    // In 6.12 the enum has the states' numbers, since then they are where they stand in the flags.
    const std::uint64_t bits = *task.flags & state_mask_;
    const Enum& old = old_states_.value("SCX_TASK_ENABLED") ? old_states_ : ent_flags_;
    return old.short_name(&old == &old_states_ ? bits >> std::countr_zero(state_mask_) : bits, {"SCX_TASK_"});
  }
  /// On no scheduler's account: most tasks, while there is no scheduler. One whose flags are missing is lost.
  [[nodiscard]] bool is_untouched(const ScxTask& task) const {
    return !task.flags || (*task.flags & (state_mask_ != 0 ? state_mask_ : UINT32_MAX)) == 0;
  }
  /// Handed to the scheduler, and on no queue of the kernel's: the scheduler's own to dispatch.
  [[nodiscard]] bool is_in_custody(const ScxTask& task) const {
    const auto queueing = ops_states_.value("SCX_OPSS_QUEUEING"),
               queued = ops_states_.value("SCX_OPSS_QUEUED");
    if (!task.ops_state || task.dsq.value_or(1) != 0) return false;
    return ops_state(*task.ops_state) == queued || ops_state(*task.ops_state) == queueing;
  }
  /// "local", "global", "user".
  [[nodiscard]] std::string queue_kind(std::uint64_t dsq_id) const {
    constexpr std::uint64_t builtin = 1ULL << 63, local_on = 1ULL << 62;
    if ((dsq_id & builtin) == 0) return "user";
    return lowercase(
        dsq_ids_.short_name((dsq_id & local_on) != 0 ? builtin | local_on : dsq_id, {"SCX_DSQ_"}));
  }

  void emit(const ScxTask& task, const std::string& scheduler) {
    emit_who(task);
    if (!scheduler.empty()) call_.text("scheduler", scheduler);
    if (task.flags && state_mask_ != 0) {
      call_.text("state", state(task));
      call_.number("flags", *task.flags & ~state_mask_);
      emit_texts(call_, "flag_names", ent_flags_.flag_names(*task.flags, state_mask_));
    }
    emit("weight", task.weight);
    if (task.dsq_id) call_.text("dsq", queue_kind(*task.dsq_id));
    emit_queue_id(task.dsq_id);
    emit("slice", task.slice);
    emit("dsq_vtime", task.dsq_vtime);
  }
  /// What matters beside that of one that waits.
  void emit_waiting(const ScxTask& task, const Jiffies& clock) {
    emit_waited(task, clock);
    if (task.ops_state) {
      call_.text("ops_state", ops_states_.short_name(ops_state(*task.ops_state), {"SCX_OPSS_"}));
      call_.number("ops_qseq", *task.ops_state >> qseq_shift());
    }
    emit("dsq_flags", task.dsq_flags);
    emit_signed("sticky_cpu", task.sticky_cpu);
    emit_signed("holding_cpu", task.holding_cpu);
    emit_name(call_, "cpus", task.cpus);
    emit("migration_disabled", task.migration_disabled);
  }
  void emit_waited(const ScxTask& task, const Jiffies& clock) { emit("waited_ms", waited(task, clock)); }
  void emit_who(const ScxTask& task) {
    emit_signed("pid", task.pid);
    emit_signed("tgid", task.tgid);
    emit_name(call_, "comm", task.comm);
    emit("cpu", task.cpu);
  }
  /// Tasks of which not even the process id, or not the flags, could be read.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  /// The kernel's own are bits, a scheduler's are numbers (enum scx_dsq_id_flags, kernel/sched/ext.c).
  void emit_queue_id(const std::optional<std::uint64_t>& id) {
    constexpr std::uint64_t builtin = 1ULL << 63;
    if (id && *id >= builtin) return call_.address("dsq_id", *id);
    emit("dsq_id", id);
  }
  template <class T> void emit(const char* field, const std::optional<T>& value) {
    if (value) call_.number(field, static_cast<std::uint64_t>(*value));
  }
  static std::optional<std::uint64_t> waited(const ScxTask& task, const Jiffies& clock) {
    return task.runnable_at ? clock.ms_since(*task.runnable_at) : std::nullopt;
  }

  static constexpr std::uint64_t most = 4 << 20; ///< PID_MAX_LIMIT

private:
  [[nodiscard]] std::uint64_t qseq_shift() const {
    return ops_states_.value("SCX_OPSS_QSEQ_SHIFT").value_or(2);
  }
  /// Of the number that has also the count of how often it was queued.
  [[nodiscard]] std::uint64_t ops_state(std::uint64_t number) const {
    return number & ((1ULL << qseq_shift()) - 1);
  }

  void emit_signed(const char* field, const std::optional<std::int32_t>& value) {
    if (value) call_.signed_number(field, *value);
  }

  std::vector<std::size_t> listed(std::uint64_t head, std::uint32_t node) {
    std::vector<std::size_t> places;
    const std::uint64_t cursor = ent_flags_.value("SCX_TASK_CURSOR").value_or(1ULL << 31) & UINT32_MAX;
    const std::uint32_t flags = call_.offset(entity_, "flags");
    struct Listed {
      std::uint64_t entity;
      std::optional<std::uint32_t> flags;
    };
    List list(call_, node, most);
    list.for_each(
        head,
        [&](SecondLook& look, std::uint64_t entity) {
          return std::optional(Listed{entity, look.load<std::uint32_t>(entity + flags)});
        },
        [&](const Listed& found) {
          if (!found.flags) return void(++lost_); // a task's or a cursor's
          if ((*found.flags & cursor) == 0) places.push_back(of_entity(found.entity));
        });
    drop_repeated(places);
    list.note_gaps();
    return places;
  }

  ScxTask read(std::uint64_t entity) {
    const std::uint64_t task = entity - scx_;
    ScxTask found;
    found.pid = member<std::int32_t>(task, task_, "pid");
    found.tgid = member<std::int32_t>(task, task_, "tgid");
    found.comm = load_name<16>(call_, task + call_.offset(task_, "comm")); // TASK_COMM_LEN
    if (cpu_) found.cpu = load<std::uint32_t>(call_, task + *cpu_);
    found.sched_class = member<std::uint64_t>(task, task_, "sched_class");
    found.migration_disabled = member<std::uint16_t>(task, task_, "migration_disabled");
    found.group = member<std::uint64_t>(task, task_, "sched_task_group");
    if (const auto mask = member<std::uint64_t>(task, task_, "cpus_ptr"); mask.value_or(0) != 0)
      found.cpus = masks_.ranges(*mask);
    read_entity(entity, found);
    if (!found.pid || !found.flags) ++lost_;
    return found;
  }

  void read_entity(std::uint64_t entity, ScxTask& found) {
    found.flags = member<std::uint32_t>(entity, entity_, "flags");
    found.weight = member<std::uint32_t>(entity, entity_, "weight");
    found.slice = member<std::uint64_t>(entity, entity_, "slice");
    found.dsq_vtime = member<std::uint64_t>(entity, entity_, "dsq_vtime");
    found.ops_state = member<std::uint64_t>(entity, entity_, "ops_state.counter");
    found.runnable_at = member<std::uint64_t>(entity, entity_, "runnable_at");
    found.sticky_cpu = member<std::int32_t>(entity, entity_, "sticky_cpu");
    found.holding_cpu = member<std::int32_t>(entity, entity_, "holding_cpu");
    found.dsq_flags = member<std::uint32_t>(entity, entity_, "dsq_flags");
    found.sched = member<std::uint64_t>(entity, entity_, "sched");
    found.dsq = member<std::uint64_t>(entity, entity_, "dsq");
    if (found.dsq.value_or(0) != 0)
      found.dsq_id = load<std::uint64_t>(
          call_, *found.dsq + call_.offset(call_.kernel_type("struct scx_dispatch_q"), "id"));
  }

  /// Nothing also where this kernel has no such member.
  template <class T> std::optional<T> member(std::uint64_t object, msc_type type, const char* path) {
    const auto at = call_.offset_if(type, path);
    return at ? load<T>(call_, object + *at) : std::nullopt;
  }

  Call& call_;
  CpuMasks masks_;
  msc_type entity_, task_;
  Enum ops_states_, ent_flags_, dsq_ids_;
  Enum old_states_{call_, {"enum scx_task_state"}}; ///< before 7.0
  std::uint32_t scx_ = 0, node_ = 0, runnable_node_ = 0;
  std::optional<std::uint32_t> cpu_;
  std::uint64_t state_mask_ = 0; ///< of the flags; 0 = not known
  std::uint64_t lost_ = 0;
  std::deque<ScxTask> tasks_; // of ten thousand no second copy is made while they grow
  std::unordered_map<std::uint64_t, std::size_t> places_; ///< by the entity's address
};

} // namespace mapscope::builtin
