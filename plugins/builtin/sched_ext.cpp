// SPDX-License-Identifier: Apache-2.0
// The state of sched_ext. What the report has of it: sched_ext.hpp.
//
// Everything is read before anything is said: what a person should look at first follows from all of it, and
// a part that cannot be read costs no other part.

#include "sched_ext.hpp"
#include "sched_ext_clock.hpp"
#include "sched_ext_schedulers.hpp"

namespace {

using mapscope::Call;
using mapscope::Stop;
using mapscope::builtin::Enum;
using mapscope::builtin::Jiffies;
using mapscope::builtin::KernelLog;
using mapscope::builtin::load;
using mapscope::builtin::LogLine;
using mapscope::builtin::Scheduler;
using mapscope::builtin::Schedulers;
using mapscope::builtin::ScxExit;
using mapscope::builtin::ScxExits;

constexpr std::size_t most_log_lines = 256;

/// One part of the whole. Gaps and members that this kernel has not end it, and nothing else.
template <class Read> void part(Call& call, const char* name, Read read) {
  try {
    read();
  } catch (const Stop& stop) {
    if (stop.rc != MSC_EFAULT && stop.rc != MSC_ENOENT) throw;
    call.note(MSC_EFAULT, (std::string("not all could be read of ") + name).c_str());
  }
}

class SchedExt {
public:
  explicit SchedExt(Call& call)
      : call_(call), entity_(call.kernel_type("struct sched_ext_entity")),
        states_(call, {"enum scx_enable_state", "enum scx_ops_enable_state"}),
        ops_flags_(call, {"enum scx_ops_flags"}), exits_(call), clock_(call) {}

  void read() {
    part(call_, "the state of sched_ext", [&] { read_state(); });
    part(call_, "the schedulers", [&] { read_schedulers(); });
    part(call_, "the kernel's log", [&] { read_log(); });
    choose_exit();
  }

  void emit() {
    emit_state();
    emit_exit();
    emit_clock();
    emit_schedulers();
    emit_log();
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
  }

  void read_schedulers() { schedulers_ = Schedulers(call_, exits_).find(); }

  void read_log() {
    KernelLog log(call_);
    log_ = log.lines("sched_ext: ", most_log_lines);
    if (log.lost() != 0) call_.note(MSC_EFAULT, "a part of the kernel's log could not be read");
  }

  /// Of the attached scheduler if it is on its way out; when there is none, of one that has left.
  void choose_exit() {
    const bool attached = std::ranges::any_of(schedulers_, &Scheduler::attached);
    for (const Scheduler& scheduler : schedulers_)
      if (scheduler.attached == attached && scheduler.exit && !exit_) exit_ = scheduler.exit;
    if (!exit_ && !attached) exit_ = exits_.from_log(log_);
  }

  void emit_state() {
    if (!state_) return;
    call_.text("state", mapscope::builtin::lowercase(states_.short_name(*state_, {"SCX_OPS_", "SCX_"})));
    call_.text("enable_state", states_.short_name(*state_, {}));
  }

  void emit_exit() {
    if (!exit_) return;
    call_.object("exit");
    call_.text("source", exit_->source);
    call_.text("scheduler", exit_->scheduler);
    exits_.emit(*exit_);
    call_.end();
  }

  void emit_clock() {
    if (switched_all_) call_.flag("switched_all", *switched_all_);
    for (const auto& [field, value] : counters_) call_.number(field, value);
    if (const auto now = clock_.now()) call_.number("jiffies", *now);
    if (const auto length = clock_.length_ns()) call_.number("jiffy_ns", *length);
  }

  void emit_schedulers() {
    call_.list("schedulers");
    for (const Scheduler& scheduler : schedulers_) emit(scheduler);
    call_.end();
  }

  void emit(const Scheduler& scheduler) {
    call_.object(nullptr);
    mapscope::builtin::emit_name(call_, "name", scheduler.name);
    call_.text("source", scheduler.source);
    if (scheduler.address != 0) call_.address("address", scheduler.address);
    call_.flag("attached", scheduler.attached);
    if (scheduler.level) call_.number("level", *scheduler.level);
    if (scheduler.flags) {
      call_.number("flags", *scheduler.flags);
      mapscope::builtin::emit_texts(call_, "flag_names", ops_flags_.flag_names(*scheduler.flags));
    }
    for (const auto& [field, value] : scheduler.numbers) call_.number(field, value);
    if (const auto ms = scheduler.watchdog_timeout ? clock_.ms(*scheduler.watchdog_timeout) : std::nullopt)
      call_.number("watchdog_timeout_ms", *ms);
    if (scheduler.aborting) call_.flag("aborting", *scheduler.aborting);
    if (scheduler.exit) {
      call_.object("exit");
      exits_.emit(*scheduler.exit);
      call_.end();
    }
    call_.end();
  }

  void emit_log() {
    if (log_.empty()) return;
    call_.list("log");
    for (const LogLine& line : log_) {
      call_.object(nullptr);
      call_.number("ts_ns", line.ts_ns);
      call_.text("text", line.text);
      call_.end();
    }
    call_.end();
  }

  Call& call_;
  msc_type entity_;
  Enum states_, ops_flags_;
  ScxExits exits_;
  Jiffies clock_;
  std::optional<std::uint32_t> state_;
  std::optional<bool> switched_all_;
  std::vector<std::pair<const char*, std::uint64_t>> counters_;
  std::vector<Scheduler> schedulers_;
  std::vector<LogLine> log_;
  std::optional<ScxExit> exit_;
};

void render_sched_ext(Call& call) {
  SchedExt state(call);
  state.read();
  state.emit();
}

} // namespace

MSC_PLUGIN(render_sched_ext,
           "id=mapscope.builtin.sched_ext\0"
           "version=" MAPSCOPE_PLUGIN_VERSION "\0"
           "license=Apache-2.0\0"
           "summary=schedulers that are BPF programs: their queues, their tasks, why they left\0"
           "attach=kernel:sched_ext\0"
           "needs=struct sched_ext_entity.dsq,flags\0"
           "needs=struct sched_ext_ops.name,flags,timeout_ms\0"
           "needs=struct scx_exit_info.kind,reason,msg\0"
           "needs=struct scx_dispatch_q.list,nr,id");
