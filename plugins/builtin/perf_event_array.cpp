// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_PERF_EVENT_ARRAY: a struct bpf_event_entry behind each slot in use (kernel/bpf/arraymap.c).

#include "slots.hpp"
#include "task.hpp"

namespace {

using mapscope::Call;
using mapscope::builtin::follow;
using mapscope::builtin::load;

/// enum perf_type_id; what is beyond are the numbers of PMUs, given out at run time.
std::string type_name(std::uint32_t type) {
  constexpr const char* names[] = {"hardware", "software", "tracepoint", "hw_cache", "raw", "breakpoint"};
  return type < std::size(names) ? names[type] : "type_" + std::to_string(type);
}

class PerfEvents {
public:
  explicit PerfEvents(Call& call) : call_(call), tasks_(call) {
    const msc_type event = call.kernel_type("struct perf_event");
    event_ = call.offset(call.kernel_type("struct bpf_event_entry"), "event");
    type_ = call.offset(event, "attr.type");
    config_ = call.offset(event, "attr.config");
    cpu_ = call.offset(event, "cpu");
    owner_ = call.offset(event, "owner");
    pmu_ = call.offset(event, "pmu");
    name_ = call.offset(call.kernel_type("struct pmu.name"), "name");
  }

  [[nodiscard]] bool describe(std::uint64_t entry) {
    const auto event = follow(call_, entry + event_);
    const auto type = event ? load<std::uint32_t>(call_, *event + type_) : std::nullopt;
    if (!type) return false;
    call_.text("type", type_name(*type));
    emit_pmu(*event);
    if (const auto config = load<std::uint64_t>(call_, *event + config_)) call_.number("config", *config);
    if (const auto cpu = load<std::int32_t>(call_, *event + cpu_)) call_.signed_number("cpu", *cpu);
    if (const auto owner = follow(call_, *event + owner_)) tasks_.emit("owner", *owner);
    return true;
  }

private:
  /// Says what type_6 is: since 6.5 the kernel replaces the type of clock events by their PMU's number.
  void emit_pmu(std::uint64_t event) {
    const auto pmu = follow(call_, event + pmu_);
    const auto name = pmu ? follow(call_, *pmu + name_) : std::nullopt;
    if (name) mapscope::builtin::emit_name(call_, "pmu", mapscope::builtin::load_text(call_, *name, 64));
  }

  Call& call_;
  mapscope::builtin::Tasks tasks_;
  std::uint32_t event_ = 0, type_ = 0, config_ = 0, cpu_ = 0, owner_ = 0, pmu_ = 0, name_ = 0;
};

void render_perf_event_array(Call& call) {
  PerfEvents events(call);
  mapscope::builtin::Slots slots(call);
  slots.scan(call.target.map + call.offset(call.kernel_type("struct bpf_array"), "ptrs"));
  slots.emit("perf_event", [&](std::uint64_t entry) { return events.describe(entry); });
}

} // namespace

MSC_PLUGIN(render_perf_event_array, "id=mapscope.builtin.perf_event_array\0"
                                    "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                                    "license=Apache-2.0\0"
                                    "summary=arrays of perf events\0"
                                    "attach=map-type:perf_event_array prio=0\0"
                                    "needs=struct bpf_array.ptrs\0"
                                    "needs=struct bpf_event_entry.event\0"
                                    "needs=struct perf_event.attr,cpu,owner,pmu\0"
                                    "needs=struct pmu.name\0"
                                    "needs=struct task_struct.pid,tgid,comm");
