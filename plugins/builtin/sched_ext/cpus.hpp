// SPDX-License-Identifier: Apache-2.0
// Run queues as sched_ext has them (struct scx_rq in the per-CPU struct rq), and the counters of events that
// a scheduler has on every CPU.
#pragma once

#include "../counted.hpp"
#include "../field_names.hpp"
#include "contexts.hpp"
#include "queues.hpp"

namespace mapscope::builtin {

struct ScxCpu {
  std::uint32_t cpu = 0;
  std::vector<std::pair<const char*, std::uint64_t>> numbers;
  std::optional<std::uint32_t> flags;
  std::optional<bool> released;
  bool bypassed =
      false; ///< the kernel dispatches in the scheduler's place, as its own record of the CPU says
  std::optional<std::size_t> curr;                        ///< place in ScxTasks
  std::string curr_class;                                 ///< "ext_sched_class"
  std::vector<std::pair<const char*, std::string>> masks; ///< those with a CPU in them
  std::vector<std::size_t> runnable;
  std::vector<Context> contexts; ///< what schedulers have of it
};

class Cpus {
public:
  Cpus(Call& call, ScxTasks& tasks, Queues& queues)
      : call_(call), tasks_(tasks), queues_(queues), places_(call), masks_(call),
        rq_(call.kernel_type("struct rq")) {
    const auto at = call.symbol_address("runqueues");
    if (!at) throw Stop{MSC_ENOENT};
    runqueues_ = *at;
    for (const char* name : {"ext_sched_class", "fair_sched_class", "idle_sched_class", "rt_sched_class",
                             "dl_sched_class", "stop_sched_class"})
      if (const auto address = call.symbol_address(name)) classes_.emplace_back(*address, name);
  }

  /// `scheduler`: the attached one at the root, whose kick masks are shown; 0 = none. `sched`: its type.
  std::vector<ScxCpu> read(std::uint64_t scheduler, const std::optional<msc_type>& sched) {
    std::vector<ScxCpu> found;
    for (std::uint32_t cpu = 0; cpu < call_.cpu_count(); ++cpu) {
      if (!call_.cpu_possible(cpu)) continue;
      const auto rq = places_.of(cpu, runqueues_);
      if (rq && load<std::uint64_t>(call_, *rq + call_.offset(rq_, "curr")))
        found.push_back(read_one(cpu, *rq, scheduler, sched));
      else
        ++lost_;
    }
    if (lost_ != 0)
      call_.note(MSC_EFAULT, counted(lost_, "run queue|run queues", "could not be read").c_str());
    return found;
  }

private:
  ScxCpu read_one(std::uint32_t cpu, std::uint64_t rq, std::uint64_t scheduler,
                  const std::optional<msc_type>& sched) {
    ScxCpu found;
    found.cpu = cpu;
    for (const char* name : {"nr_running", "cpuperf_target", "nr_immed"})
      take<std::uint32_t>(found, rq, name);
    for (const char* name : {"kick_sync", "pnt_seq"}) take<std::uint64_t>(found, rq, name);
    found.flags = member<std::uint32_t>(rq, "flags");
    if (const auto released = member<std::uint8_t>(rq, "cpu_released")) found.released = *released != 0;
    read_curr(rq, found);
    read_masks(cpu, rq, scheduler, sched, found);
    const std::uint64_t head = rq + call_.offset(rq_, "scx.runnable_list");
    if (load<std::uint64_t>(call_, head))
      found.runnable = tasks_.runnable(head);
    else
      call_.note(MSC_EFAULT, "a list of runnable tasks could not be read");
    queues_.add_of_cpu(cpu, rq);
    return found;
  }

  void read_curr(std::uint64_t rq, ScxCpu& found) {
    const auto curr = follow(call_, rq + call_.offset(rq_, "curr"));
    if (!curr) return;
    found.curr = tasks_.of_task(*curr);
    for (const auto& [address, name] : classes_)
      if (tasks_[*found.curr].sched_class == address) found.curr_class = name;
  }

  /// In the run queue before 7.1, in the scheduler's per-CPU part since.
  void read_masks(std::uint32_t cpu, std::uint64_t rq, std::uint64_t scheduler,
                  const std::optional<msc_type>& sched, ScxCpu& found) {
    const std::uint64_t scx = rq + call_.offset(rq_, "scx");
    const msc_type scx_rq = call_.kernel_type("struct scx_rq");
    for (const char* name : mask_names) take_mask(found, name, masks_.ranges_of(scx_rq, name, scx));
    const auto pcpu = call_.find_type(MSC_KERNEL_BTF, "struct scx_sched_pcpu.cpus_to_kick");
    const auto at = pcpu && sched && scheduler != 0 ? follow(call_, scheduler + call_.offset(*sched, "pcpu"))
                                                    : std::nullopt;
    const auto own = at ? places_.of(cpu, *at) : std::nullopt;
    if (!own) return;
    for (const char* name : mask_names) take_mask(found, name, masks_.ranges_of(*pcpu, name, *own));
    found.bypassed = is_bypassed(*pcpu, *own);
  }

  /// Before 7.1 a flag of the run queue says so, and is shown with the others.
  bool is_bypassed(msc_type pcpu, std::uint64_t own) {
    const auto at = call_.offset_if(pcpu, "flags");
    const auto flags = at ? load<std::uint64_t>(call_, own + *at) : std::nullopt;
    return (flags.value_or(0) & pcpu_flags_.value("SCX_SCHED_PCPU_BYPASSING").value_or(0)) != 0;
  }

  /// A kernel has them in one of the two places; what types that are nobody's kernel say is taken once.
  void take_mask(ScxCpu& found, const char* name, const std::optional<std::string>& ranges) {
    if (!ranges) call_.note(MSC_EFAULT, "a set of CPUs to kick could not be read");
    if (ranges && !ranges->empty() &&
        names_field(name, found.masks, &std::pair<const char*, std::string>::first))
      found.masks.emplace_back(name, *ranges);
  }

  template <class T> std::optional<T> member(std::uint64_t rq, const char* name) {
    const auto at = call_.offset_if(rq_, (std::string("scx.") + name).c_str());
    return at ? load<T>(call_, rq + *at) : std::nullopt;
  }
  template <class T> void take(ScxCpu& found, std::uint64_t rq, const char* name) {
    if (const auto value = member<T>(rq, name)) found.numbers.emplace_back(name, *value);
  }

  static constexpr const char* mask_names[] = {"cpus_to_kick", "cpus_to_kick_if_idle", "cpus_to_preempt",
                                               "cpus_to_wait", "cpus_to_sync"};

  Call& call_;
  ScxTasks& tasks_;
  Queues& queues_;
  PerCpuPlaces places_;
  CpuMasks masks_;
  Enum pcpu_flags_{call_, {"enum scx_sched_pcpu_flags"}};
  msc_type rq_;
  std::uint64_t runqueues_ = 0, lost_ = 0;
  std::vector<std::pair<std::uint64_t, const char*>> classes_;
};

/// The sum of every counter of struct scx_event_stats over the CPUs. Names change with every release, so all
/// members there are make the list. What one CPU has is missing in all sums when it cannot be read, and that
/// is said.
class Events {
public:
  explicit Events(Call& call)
      : call_(call), type_(call.find_type(MSC_KERNEL_BTF, "struct scx_event_stats")) {}

  std::vector<std::pair<std::string, std::int64_t>> of(std::uint64_t scheduler,
                                                       const std::optional<msc_type>& sched) {
    std::vector<std::pair<std::string, std::int64_t>> sums;
    const auto stats = find(scheduler, sched);
    if (!stats) return sums;
    std::vector<std::uint32_t> offsets;
    msc_member_info member{};
    for (std::uint32_t i = 0; i < most && call_.member_at(*type_, i, member); ++i)
      if (names_field(member.name, sums, &std::pair<std::string, std::int64_t>::first))
        sums.emplace_back(member.name, 0), offsets.push_back(member.member.bit_offset / 8);
    std::vector<std::byte> bytes(std::min<std::size_t>(call_.size(*type_), smallest_page));
    for (std::uint32_t cpu = 0; cpu < call_.cpu_count(); ++cpu) {
      if (!call_.cpu_possible(cpu)) continue;
      if (!call_.try_read(MSC_CPU0 + cpu, *stats, bytes))
        call_.note(MSC_EFAULT, ("the counters of events lack those of CPU " + std::to_string(cpu)).c_str());
      else
        for (std::size_t i = 0; i < sums.size(); ++i)
          sums[i].second = sum(sums[i].second, pointer_at(bytes, offsets[i]));
    }
    return sums;
  }

private:
  static constexpr std::uint32_t most = 256;
  static std::int64_t sum(std::int64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + b);
  }

  /// In the scheduler's per-CPU part since 7.1, on its own before, a variable of the kernel's before 6.16.
  std::optional<std::uint64_t> find(std::uint64_t scheduler, const std::optional<msc_type>& sched) {
    if (!type_) return std::nullopt;
    if (!sched) return call_.symbol_address("event_stats_cpu");
    if (const auto own = call_.offset_if(*sched, "event_stats_cpu")) return follow(call_, scheduler + *own);
    const auto member = call_.offset_if(*sched, "pcpu");
    const auto pcpu = member ? follow(call_, scheduler + *member) : std::nullopt;
    if (!pcpu) return std::nullopt;
    return *pcpu + call_.offset(call_.kernel_type("struct scx_sched_pcpu"), "event_stats");
  }

  Call& call_;
  std::optional<msc_type> type_;
};

} // namespace mapscope::builtin
