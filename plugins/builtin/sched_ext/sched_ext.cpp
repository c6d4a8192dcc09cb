// SPDX-License-Identifier: Apache-2.0
// The state of sched_ext. What the report has of it: sched_ext.hpp.
//
// Part by part, the most wanted first: each is read as a whole and then said. A part that cannot be read
// costs no other part, and where a budget is spent the parts before are in the report.

#include "sched_ext.hpp"
#include "../counted.hpp"
#include "emit.hpp"
#include "findings.hpp"
#include "task_queues.hpp"
#include "user_exits.hpp"

#include <numeric>

namespace {

using mapscope::Call;
using mapscope::Stop;
using mapscope::builtin::counted;
using mapscope::builtin::load;
using mapscope::builtin::ObjectMaps;
using mapscope::builtin::Scheduler;
using mapscope::builtin::ScxCpu;
using mapscope::builtin::ScxExit;
using mapscope::builtin::ScxGroup;
using mapscope::builtin::UserExit;

constexpr std::size_t most_log_lines = 256;

/// Gaps, what contradicts itself, and types and members that this kernel has not, end a part, and nothing
/// else.
template <class Read> void part(Call& call, const char* name, Read read) {
  try {
    read();
  } catch (const mapscope::Undecodable&) { // its note is there
    call.note(MSC_EFAULT, (std::string("not all makes sense of ") + name).c_str());
  } catch (const Stop& stop) {
    if (stop.rc != MSC_EFAULT && stop.rc != MSC_ENOENT) throw;
    call.note(MSC_EFAULT, (std::string("not all could be read of ") + name).c_str());
  }
}

class SchedExt {
public:
  explicit SchedExt(Call& call)
      : call_(call), tasks_(call), queues_(call, tasks_),
        states_(call, {"enum scx_enable_state", "enum scx_ops_enable_state"}), exits_(call), clock_(call),
        emitter_(call, exits_, tasks_, clock_), findings_(call, tasks_, queues_, clock_) {}

  /// Why a scheduler left, and what schedulers there are.
  void show_schedulers() {
    part(call_, "the state of sched_ext", [this] { read_state(); });
    part(call_, "the schedulers", [this] { read_schedulers(); });
    for (Scheduler& scheduler : schedulers_)
      part(call_, "a scheduler's events", [&] { read_events(scheduler); });
    part(call_, "the kernel's log", [this] { read_log(); });
    part(call_, "what schedulers kept of their exits", [this] { read_user_exits(); });
    choose_exit();
    if (exit_) findings_.exit(*exit_, is_attached());
    emitter_.name_owners(schedulers_);
    emit_state();
    if (exit_) emitter_.exit(*exit_);
    emit_counters();
    emit_all("schedulers", schedulers_,
             [&](const Scheduler& scheduler) { emitter_.scheduler(scheduler, !is_chosen(scheduler.exit)); });
    if (!user_exits_.empty())
      emit_all("user_exits", user_exits_,
               [&](const UserExit& user) { emitter_.user_exit(user, !is_chosen(user.exit)); });
  }

  /// Who runs, who waits, and where. One that has left has no queues.
  void show_queues() {
    part(call_, "the run queues", [this] { read_cpus(); });
    part(call_, "what schedulers have of CPUs", [this] { read_cpu_contexts(); });
    for (const Scheduler& scheduler : schedulers_)
      if (scheduler.attached) part(call_, "a scheduler's queues", [&] { queues_.add_of(scheduler, sched_); });
    findings_.waiters(cpus_, watchdog_ms());
    emit_all("cpus", cpus_, [&](const ScxCpu& cpu) { emitter_.cpu(cpu); });
    emit_all("dsqs", queues_.all(), [&](const auto& queue) { emitter_.queue(queue); });
    emitter_.note_left_out();
  }

  void show_tasks() {
    part(call_, "the list of tasks", [this] { read_tasks(); });
    part(call_, "the control groups", [this] { read_groups(); });
    part(call_, "the queues that schedulers keep in maps", [this] { show_task_queues(); });
    if (!groups_.empty()) show_groups();
    if (tasks_.lost() != 0)
      call_.note(MSC_EFAULT, counted(tasks_.lost(), "task|tasks", "could not be read").c_str());
    if (has_tasks_) call_.number("nr_tasks", nr_tasks_);
    if (const std::uint64_t others = nr_tasks_ - listed_.size(); has_tasks_ && others != 0)
      call_.note(MSC_OK, counted(others, "task is|tasks are", "not listed, being no scheduler's").c_str());
    emit_all("tasks", emitter_.limited(listed_), [&](std::size_t place) { emitter_.task(place, false); });
    if (!listed_.empty()) call_.count(listed_.size());
  }

  void show_log() {
    if (log_.empty()) return;
    emit_all("log", log_, [this](const mapscope::builtin::LogLine& line) {
      call_.object(nullptr);
      call_.number("ts_ns", line.ts_ns);
      call_.text("text", line.text);
      call_.end();
    });
  }

private:
  void read_state() {
    auto at = call_.symbol_address("scx_enable_state_var");
    if (!at) at = call_.symbol_address("scx_ops_enable_state_var"); // before 6.16
    if (at) state_ = load<std::uint32_t>(call_, *at);
    if (!state_) call_.note(MSC_EFAULT, "whether a scheduler is attached could not be read");
    if (const auto key = call_.symbol_address("__scx_switched_all")) // a static key: its count comes first
      if (const auto count = load<std::uint32_t>(call_, *key)) switched_all_ = *count != 0;
    for (const auto& [field, symbol] :
         {std::pair("nr_rejected", "scx_nr_rejected"), std::pair("hotplug_seq", "scx_hotplug_seq"),
          std::pair("enable_seq", "scx_enable_seq")})
      if (const auto counter = call_.symbol_address(symbol))
        if (const auto value = load<std::uint64_t>(call_, *counter)) counters_.emplace_back(field, *value);
    read_idle();
  }

  /// As the kernel keeps book for schedulers that let it, on all nodes together; since 6.15 under these
  /// names.
  void read_idle() {
    const auto is_on = [&](const char* key) {
      const auto at = call_.symbol_address(key);
      return at && load<std::uint32_t>(call_, *at).value_or(0) != 0;
    };
    const auto type = call_.find_type(MSC_KERNEL_BTF, "struct scx_idle_cpus.smt");
    const auto at = call_.symbol_address("scx_idle_global_masks");
    if (!type || !at || !is_on("scx_builtin_idle_enabled") || is_on("scx_builtin_idle_per_node")) return;
    idle_ = mapscope::builtin::CpuMasks(call_).ranges_of(*type, "cpu", *at);
    if (!idle_) call_.note(MSC_EFAULT, "which CPUs are idle could not be read");
  }

  void read_schedulers() {
    mapscope::builtin::Schedulers schedulers(call_, exits_);
    sched_ = schedulers.sched();
    schedulers_ = schedulers.find();
  }

  void read_cpus() {
    const bool attached = is_attached();
    cpus_ = mapscope::builtin::Cpus(call_, tasks_, queues_)
                .read(attached ? schedulers_.front().address : 0, sched_);
  }

  /// Also of one that has left: its counters stay.
  void read_events(Scheduler& scheduler) {
    scheduler.events = mapscope::builtin::Events(call_).of(scheduler.address, sched_);
  }

  void read_tasks() {
    for (const std::size_t place : tasks_.all()) {
      ++nr_tasks_;
      if (!tasks_.is_untouched(tasks_[place])) listed_.push_back(place);
    }
    has_tasks_ = true;
  }

  void read_log() {
    mapscope::builtin::KernelLog log(call_);
    log_ = log.lines("sched_ext: ", most_log_lines);
    if (log.left_out() != 0)
      call_.note(MSC_OK, ("the first " + std::to_string(log.left_out()) +
                          " lines of the kernel's log on sched_ext are left out")
                             .c_str());
    if (log.lost() != 0) call_.note(MSC_EFAULT, "a part of the kernel's log could not be read");
  }

  void read_user_exits() { user_exits_ = mapscope::builtin::UserExits(call_, exits_, maps()).find(); }

  /// Listed once, when first asked for.
  const ObjectMaps& maps() {
    if (!maps_) maps_.emplace(call_);
    return *maps_;
  }

  /// Nothing where its struct_ops map, or that map's BTF, is not known.
  std::optional<std::uint32_t> btf_of(const Scheduler& scheduler) {
    if (!scheduler.attached || !scheduler.map) return std::nullopt;
    const auto own = std::ranges::find(maps().all(), *scheduler.map,
                                       [](const mapscope::Map& map) { return map.target.id; });
    return own != maps().all().end() ? std::optional(own->target.btf_id) : std::nullopt;
  }

  void read_cpu_contexts() {
    for (const Scheduler& scheduler : schedulers_) {
      const auto btf = btf_of(scheduler);
      if (!btf) continue;
      auto contexts =
          mapscope::builtin::CpuContexts(call_, maps(), numbers_of_cpus(scheduler)).of_object(*btf);
      for (ScxCpu& cpu : cpus_) std::ranges::move(contexts[cpu.cpu], std::back_inserter(cpu.contexts));
    }
  }
  /// What the scheduler counts each by: scx_cpu_to_cid_tbl has it for those of the newer form.
  std::vector<std::uint64_t> numbers_of_cpus(const Scheduler& scheduler) {
    std::vector<std::uint64_t> numbers(call_.cpu_count());
    std::iota(numbers.begin(), numbers.end(), 0);
    if (!scheduler.counts_cids) return numbers;
    const auto table = call_.symbol_address("scx_cpu_to_cid_tbl");
    const auto first = table ? mapscope::builtin::follow(call_, *table) : std::nullopt;
    for (std::uint64_t& number : numbers) {
      const auto cid =
          first ? load<std::int16_t>(call_, *first + number * sizeof(std::int16_t)) : std::nullopt;
      if (!cid) throw Stop{MSC_EFAULT};
      number = *cid >= 0 ? static_cast<std::uint64_t>(*cid) : 0; // of those that are not possible
    }
    return numbers;
  }

  /// With what the attached schedulers have of each.
  void read_groups() {
    if (!is_attached() || !call_.symbol_address("task_groups")) return;
    mapscope::builtin::Groups groups(call_);
    groups_ = groups.read();
    if (groups_.empty()) return;
    emitter_.know_groups(groups_);
    const auto group_of = [&](std::size_t task) -> ScxGroup* {
      const auto place = groups.place(tasks_[task].group.value_or(0));
      return place && *place < groups_.size() ? &groups_[*place] : nullptr;
    };
    for (const std::size_t task : listed_)
      if (ScxGroup* const group = group_of(task)) ++group->nr_tasks;
    for (const ScxCpu& cpu : cpus_)
      for (const std::size_t task : cpu.runnable)
        if (ScxGroup* const group = group_of(task)) group->runnable.push_back(task);
    read_group_contexts();
  }
  void read_group_contexts() {
    std::unordered_map<std::uint64_t, std::uint64_t> ids;
    for (const ScxGroup& group : groups_)
      if (group.id) ids.emplace(*group.id, group.address);
    for (const Scheduler& scheduler : schedulers_) {
      const auto btf = btf_of(scheduler);
      if (!btf) continue;
      auto contexts = mapscope::builtin::GroupContexts(call_, maps()).of_object(*btf, ids);
      for (ScxGroup& group : groups_)
        std::ranges::move(contexts[group.address], std::back_inserter(group.contexts));
    }
  }

  void show_task_queues() {
    mapscope::builtin::TaskQueues queues(call_, tasks_, listed_, groups_);
    std::vector<mapscope::builtin::TaskQueue> found;
    for (const Scheduler& scheduler : schedulers_)
      if (const auto btf = btf_of(scheduler))
        std::ranges::move(queues.of_object(maps(), *btf), std::back_inserter(found));
    if (found.empty()) return;
    emit_all("map_queues", found, [&](const auto& queue) { emitter_.task_queue(queue, groups_); });
    emitter_.note_left_out();
  }

  /// Machines have thousands that no task is in; those that the scheduler has something of are shown all the
  /// same.
  void show_groups() {
    const auto hidden = std::erase_if(
        groups_, [](const ScxGroup& group) { return group.nr_tasks == 0 && group.contexts.empty(); });
    if (hidden != 0)
      call_.note(MSC_OK, counted(hidden, "control group is|control groups are",
                                 "not listed: no task of a scheduler is in it, and nothing that it has")
                             .c_str());
    const auto shown = emitter_.limited(groups_);
    if (shown.size() < groups_.size())
      call_.note(MSC_STOP, counted(groups_.size() - shown.size(), "control group is|control groups are",
                                   "not listed; --limit 0 lists all")
                               .c_str());
    emit_all("cgroups", shown, [&](const ScxGroup& group) { emitter_.group(group); });
  }

  [[nodiscard]] bool is_attached() const { return !schedulers_.empty() && schedulers_.front().attached; }

  /// Of the attached scheduler if it is on its way out. When there is none, of the one that left last: of
  /// those that are held, unless the log tells of another behind it.
  void choose_exit() {
    for (const Scheduler& scheduler : schedulers_)
      if (scheduler.attached == is_attached() && scheduler.exit && (!exit_ || !is_attached()))
        exit_ = scheduler.exit;
    if (is_attached()) return;
    const auto logged = exits_.from_log(log_);
    const bool is_another =
        logged && exit_ && (logged->scheduler != exit_->scheduler || logged->reason != exit_->reason);
    if (!exit_ || is_another) exit_ = logged;
    if (!exit_ || exit_->source == "log") take_user_exit();
  }

  /// The one that the log tells of; without a log the only one, as which of several was last is not known.
  void take_user_exit() {
    const auto told =
        exit_ ? std::ranges::find_if(user_exits_,
                                     [&](const UserExit& user) { return same_words(user.exit, *exit_); })
              : (user_exits_.size() == 1 ? user_exits_.begin() : user_exits_.end());
    if (told == user_exits_.end()) return;
    const auto logged = std::exchange(exit_, told->exit);
    if (!logged) return;
    exit_->scheduler = logged->scheduler, exit_->ts_ns = logged->ts_ns;
  }
  static bool same_words(const ScxExit& one, const ScxExit& other) {
    return one.reason == other.reason && one.msg.value_or("") == other.msg.value_or("");
  }
  /// Whether it is the exit that the report begins with, and stands there as a whole.
  [[nodiscard]] bool is_chosen(const std::optional<ScxExit>& exit) const {
    return exit && exit_ && exit->dump == exit_->dump && same_words(*exit, *exit_);
  }

  [[nodiscard]] std::uint64_t watchdog_ms() const {
    if (!is_attached() || !schedulers_.front().watchdog_timeout) return 0;
    return clock_.ms(*schedulers_.front().watchdog_timeout).value_or(0);
  }

  void emit_state() {
    if (!state_) return;
    call_.text("state", mapscope::builtin::lowercase(states_.short_name(*state_, {"SCX_OPS_", "SCX_"})));
    call_.text("enable_state", states_.short_name(*state_, {}));
  }

  void emit_counters() {
    if (switched_all_) call_.flag("switched_all", *switched_all_);
    for (const auto& [field, value] : counters_) call_.number(field, value);
    mapscope::builtin::emit_name(call_, "idle_cpus", idle_);
    if (const auto now = clock_.now()) call_.number("jiffies", *now);
    if (const auto length = clock_.length_ns()) call_.number("jiffy_ns", *length);
  }

  template <class List, class Emit> void emit_all(const char* field, const List& list, Emit emit) {
    call_.list(field);
    for (const auto& item : list) emit(item);
    call_.end();
  }

  Call& call_;
  mapscope::builtin::ScxTasks tasks_;
  mapscope::builtin::Queues queues_;
  mapscope::builtin::Enum states_;
  mapscope::builtin::ScxExits exits_;
  mapscope::builtin::Jiffies clock_;
  mapscope::builtin::ScxEmitter emitter_;
  mapscope::builtin::ScxFindings findings_;
  std::optional<msc_type> sched_; ///< struct scx_sched, since 6.16
  std::optional<std::uint32_t> state_;
  std::optional<bool> switched_all_;
  std::vector<std::pair<const char*, std::uint64_t>> counters_;
  std::optional<std::string> idle_;   ///< CPUs
  std::vector<Scheduler> schedulers_; ///< the attached one first
  std::vector<ScxCpu> cpus_;
  std::vector<std::size_t> listed_; ///< tasks with anything of a scheduler's
  std::uint64_t nr_tasks_ = 0;
  bool has_tasks_ = false;
  std::vector<mapscope::builtin::LogLine> log_;
  std::optional<ScxExit> exit_;
  std::vector<UserExit> user_exits_;
  std::vector<ScxGroup> groups_; ///< the root first
  std::optional<ObjectMaps> maps_;
};

void render_sched_ext(Call& call) {
  SchedExt state(call);
  state.show_schedulers();
  state.show_queues();
  state.show_tasks();
  state.show_log();
}

} // namespace

MSC_PLUGIN(render_sched_ext,
           "id=mapscope.builtin.sched_ext\0"
           "version=" MAPSCOPE_PLUGIN_VERSION "\0"
           "license=Apache-2.0\0"
           "summary=schedulers that are BPF programs: their queues, their tasks, why they left\0"
           "attach=kernel:sched_ext\0"
           "maps=any\0"
           "symbols=scx_root,scx_sched_all,scx_tasks,scx_enable_state_var,__scx_switched_all\0"
           "symbols=scx_nr_rejected,scx_hotplug_seq,scx_enable_seq,runqueues,__per_cpu_offset\0"
           "symbols=jiffies,clocksource_jiffies,prb,map_idr,bpf_struct_ops_map_ops,nr_node_ids\0"
           "symbols=task_groups,scx_cpu_to_cid_tbl,scx_idle_global_masks\0"
           "symbols=scx_builtin_idle_enabled,scx_builtin_idle_per_node\0"
           "symbols=ext_sched_class,fair_sched_class,idle_sched_class,rt_sched_class\0"
           "symbols=dl_sched_class,stop_sched_class\0"
           "needs=struct sched_ext_entity.dsq,flags\0"
           "needs=struct sched_ext_ops.name,flags,timeout_ms\0"
           "needs=struct scx_exit_info.kind,reason,msg\0"
           "needs=struct scx_dispatch_q.list,nr,id");
