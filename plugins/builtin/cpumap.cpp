// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_CPUMAP: CPUs to redirect to, each slot in use a struct bpf_cpu_map_entry
// (kernel/bpf/cpumap.c).

#include "program.hpp"
#include "slots.hpp"
#include "task.hpp"

namespace {

using mapscope::Call;
using mapscope::builtin::follow;
using mapscope::builtin::load;

class Entries {
public:
  explicit Entries(Call& call) : call_(call), programs_(call), tasks_(call) {
    const msc_type entry = call.kernel_type("struct bpf_cpu_map_entry");
    cpu_ = call.offset(entry, "cpu");
    qsize_ = call.offset(entry, "value.qsize");
    program_ = call.offset(entry, "prog");
    kthread_ = call.offset(entry, "kthread");
  }

  [[nodiscard]] bool describe(std::uint64_t entry) {
    const auto cpu = load<std::uint32_t>(call_, entry + cpu_);
    if (!cpu) return false;
    call_.number("cpu", *cpu);
    if (const auto qsize = load<std::uint32_t>(call_, entry + qsize_)) call_.number("qsize", *qsize);
    const auto program = follow(call_, entry + program_);
    if (const auto id = program ? programs_.id(*program) : std::nullopt) call_.number("program", *id);
    if (const auto kthread = follow(call_, entry + kthread_)) tasks_.emit("kthread", *kthread);
    return true;
  }

private:
  Call& call_;
  mapscope::builtin::Programs programs_;
  mapscope::builtin::Tasks tasks_;
  std::uint32_t cpu_ = 0, qsize_ = 0, program_ = 0, kthread_ = 0;
};

void render_cpumap(Call& call) {
  const msc_type map = call.kernel_type("struct bpf_cpu_map");
  Entries entries(call);
  mapscope::builtin::Slots slots(call);
  slots.scan(call.read<std::uint64_t>(MSC_KERNEL, call.target.map + call.offset(map, "cpu_map")));
  slots.emit("cpu", [&](std::uint64_t entry) { return entries.describe(entry); });
}

} // namespace

MSC_PLUGIN(render_cpumap, "id=mapscope.builtin.cpumap\0"
                          "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                          "license=Apache-2.0\0"
                          "summary=CPUs to redirect to\0"
                          "attach=map-type:cpumap prio=0\0"
                          "needs=struct bpf_cpu_map.cpu_map\0"
                          "needs=struct bpf_cpu_map_entry.cpu,value,prog,kthread\0"
                          "needs=struct bpf_prog.aux,type,tag\0"
                          "needs=struct bpf_prog_aux.id,name\0"
                          "needs=struct task_struct.pid,tgid,comm");
