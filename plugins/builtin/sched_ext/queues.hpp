// SPDX-License-Identifier: Apache-2.0
// Dispatch queues of sched_ext (struct scx_dispatch_q): one a CPU, one a node, those a scheduler made, and
// those that the kernel keeps for bad times.
//
// A queue's list has all of its tasks in the order of dispatch, also where that is by virtual time.
#pragma once

#include "../rhashtable.hpp"
#include "schedulers.hpp"
#include "tasks.hpp"

namespace mapscope::builtin {

/// Where a per-CPU variable or allocation lies for everybody.
class PerCpuPlaces {
public:
  explicit PerCpuPlaces(Call& call) : call_(call), offsets_(call.symbol_address("__per_cpu_offset")) {}

  /// A kernel for one CPU has no offsets.
  std::optional<std::uint64_t> of(std::uint32_t cpu, std::uint64_t pointer) {
    if (!offsets_) return pointer;
    const auto offset = load<std::uint64_t>(call_, *offsets_ + std::uint64_t{cpu} * sizeof(std::uint64_t));
    return offset ? std::optional(pointer + *offset) : std::nullopt;
  }

private:
  Call& call_;
  std::optional<std::uint64_t> offsets_;
};

struct Queue {
  std::uint64_t address = 0;
  std::string kind, scheduler;
  std::optional<std::uint32_t> cpu, node, nr, seq;
  std::optional<std::uint64_t> id;
  std::vector<std::size_t> tasks; ///< places in ScxTasks
};

class Queues {
public:
  Queues(Call& call, ScxTasks& tasks)
      : call_(call), tasks_(tasks), places_(call), type_(call.kernel_type("struct scx_dispatch_q")),
        node_type_(call.kernel_type("struct scx_dsq_list_node")) {
    list_ = call.offset(type_, "list"), nr_ = call.offset(type_, "nr"), id_ = call.offset(type_, "id");
    seq_ = call.offset_if(type_, "seq");
    node_ = call.offset(node_type_, "node"), flags_ = call.offset(node_type_, "flags");
    const msc_type entity = call.kernel_type("struct sched_ext_entity");
    in_entity_ = call.offset(entity, "dsq_list"), dsq_ = call.offset(entity, "dsq");
  }

  /// Those of a CPU's run queue at `rq`; beside the local one only such as have tasks.
  void add_of_cpu(std::uint32_t cpu, std::uint64_t rq) {
    const msc_type type = call_.kernel_type("struct rq");
    add(rq + call_.offset(type, "scx.local_dsq"), "local").cpu = cpu;
    for (const auto& [member, kind] :
         {std::pair("scx.reject_dsq", "reject"), std::pair("scx.rescue.dsq", "rescue"),
          std::pair("scx.bypass_dsq", "bypass")})
      if (const auto at = call_.offset_if(type, member); at && is_in_use(rq + *at))
        add(rq + *at, kind).cpu = cpu;
  }

  void add_of(const Scheduler& scheduler, const std::optional<msc_type>& sched_type) {
    const std::string& name = scheduler.name.value_or("");
    add_global(scheduler.address, sched_type, name);
    add_bypass(scheduler.address, sched_type, name);
    add_users(scheduler.address, sched_type, name);
  }

  [[nodiscard]] const std::vector<Queue>& all() const { return all_; }
  [[nodiscard]] const Queue* at(std::uint64_t address) const {
    const auto found = std::ranges::find(all_, address, &Queue::address);
    return found != all_.end() ? &*found : nullptr;
  }

private:
  static constexpr std::uint64_t most_users = 1 << 20, slack = 64;
  static constexpr std::uint32_t most_nodes = 1024; ///< MAX_NUMNODES of the largest configuration

  bool is_in_use(std::uint64_t queue) { return load<std::uint32_t>(call_, queue + nr_).value_or(0) != 0; }

  Queue& add(std::uint64_t address, const char* kind, const std::string& scheduler = "") {
    Queue& queue = all_.emplace_back();
    queue.address = address, queue.kind = kind, queue.scheduler = scheduler;
    queue.nr = load<std::uint32_t>(call_, address + nr_);
    queue.id = load<std::uint64_t>(call_, address + id_);
    if (seq_) queue.seq = load<std::uint32_t>(call_, address + *seq_);
    if (!queue.nr || !queue.id) call_.note(MSC_EFAULT, "a dispatch queue could not be read");
    if (queue.nr) list_tasks(queue);
    return queue;
  }

  struct Listed {
    std::uint64_t node;
    std::optional<std::uint32_t> flags;
  };
  static constexpr std::uint32_t cursor = 1; ///< SCX_DSQ_LNODE_ITER_CURSOR

  /// Of a machine that runs nothing where the task is on another queue by now: the walk goes on from there.
  std::optional<Listed> read_node(SecondLook& look, std::uint64_t queue, std::uint64_t node) {
    const Listed found{node, look.load<std::uint32_t>(node + flags_)};
    if (!look.is_running() || (found.flags.value_or(0) & cursor) != 0) return found;
    const bool is_on_it = look.load<std::uint64_t>(node - in_entity_ + dsq_) == queue;
    return is_on_it ? std::optional(found) : std::nullopt;
  }

  /// What is no task on it is an iteration under way.
  void list_tasks(Queue& queue) {
    if (!load<std::uint64_t>(call_, queue.address + list_))
      return void(call_.note(MSC_EFAULT, "a dispatch queue's list could not be read"));
    List list(call_, node_, call_.target.is_running != 0 ? ScxTasks::most : std::uint64_t{*queue.nr} + slack);
    list.for_each(
        queue.address + list_,
        [&](SecondLook& look, std::uint64_t node) { return read_node(look, queue.address, node); },
        [&](const Listed& found) {
          if (!found.flags)
            call_.note(MSC_EFAULT, "a part of a dispatch queue's list could not be read");
          else if ((*found.flags & cursor) == 0)
            queue.tasks.push_back(tasks_.of_entity(found.node - in_entity_));
        });
    list.note_gaps();
    drop_repeated(queue.tasks);
    if (queue.tasks.size() != *queue.nr)
      call_.note(MSC_OK, ("a dispatch queue counts " + std::to_string(*queue.nr) + " tasks and lists " +
                          std::to_string(queue.tasks.size()))
                             .c_str());
  }

  /// One a node: pnode since 7.1, an array of queues before, and a variable of the kernel's before 6.16.
  void add_global(std::uint64_t sched, const std::optional<msc_type>& type, const std::string& scheduler) {
    std::uint64_t inside = 0;
    std::optional<std::uint64_t> at;
    if (const auto member = type ? call_.offset_if(*type, "pnode") : std::nullopt) {
      at = sched + *member;
      inside = call_.offset(call_.kernel_type("struct scx_sched_pnode"), "global_dsq");
    } else {
      at = type ? std::optional(sched + call_.offset(*type, "global_dsqs"))
                : call_.symbol_address("global_dsqs");
    }
    const auto nodes = at ? follow(call_, *at) : std::nullopt;
    if (!nodes) return void(call_.note(MSC_EFAULT, "the global dispatch queues could not be found"));
    for (std::uint32_t node = 0; node < node_count(); ++node)
      if (const auto queue = follow(call_, *nodes + std::uint64_t{node} * sizeof(std::uint64_t)))
        add(*queue + inside, "global", scheduler).node = node;
  }

  /// A kernel for one node has no count of them.
  std::uint32_t node_count() {
    const auto at = call_.symbol_address("nr_node_ids");
    return std::min(at ? load<std::uint32_t>(call_, *at).value_or(1) : 1, most_nodes);
  }

  /// One a CPU in the scheduler's per-CPU part since 7.1.
  void add_bypass(std::uint64_t sched, const std::optional<msc_type>& type, const std::string& scheduler) {
    const auto pcpu_type = call_.find_type(MSC_KERNEL_BTF, "struct scx_sched_pcpu.bypass_dsq");
    const auto member = type && pcpu_type ? call_.offset_if(*type, "pcpu") : std::nullopt;
    const auto pcpu = member ? follow(call_, sched + *member) : std::nullopt;
    for (std::uint32_t cpu = 0; pcpu && cpu < call_.cpu_count(); ++cpu) {
      const auto own = call_.cpu_possible(cpu) ? places_.of(cpu, *pcpu) : std::nullopt;
      const std::uint64_t queue = own.value_or(0) + call_.offset(*pcpu_type, "bypass_dsq");
      if (own && is_in_use(queue)) add(queue, "bypass", scheduler).cpu = cpu;
    }
  }

  void add_users(std::uint64_t sched, const std::optional<msc_type>& type, const std::string& scheduler) {
    const auto table =
        type ? std::optional(sched + call_.offset(*type, "dsq_hash")) : call_.symbol_address("dsq_hash");
    if (!table) return;
    std::vector<std::uint64_t> found;
    Rhashtable(call_, *table, most_users).for_each([&](std::uint64_t queue) { found.push_back(queue); });
    std::ranges::sort(found, {},
                      [&](std::uint64_t queue) { return load<std::uint64_t>(call_, queue + id_); });
    for (const std::uint64_t queue : found) add(queue, "user", scheduler);
  }

  Call& call_;
  ScxTasks& tasks_;
  PerCpuPlaces places_;
  msc_type type_, node_type_;
  std::uint32_t list_ = 0, nr_ = 0, id_ = 0, node_ = 0, flags_ = 0, in_entity_ = 0, dsq_ = 0;
  std::optional<std::uint32_t> seq_;
  std::vector<Queue> all_;
};

} // namespace mapscope::builtin
