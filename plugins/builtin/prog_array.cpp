// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_PROG_ARRAY: the targets of tail calls (bpf_array.ptrs, kernel/bpf/arraymap.c).

#include "program.hpp"
#include "slots.hpp"

namespace {

void render_prog_array(mapscope::Call& call) {
  mapscope::builtin::Programs programs(call);
  mapscope::builtin::Slots slots(call);
  slots.scan(call.target.map + call.offset(call.kernel_type("struct bpf_array"), "ptrs"));
  slots.emit("program", [&](std::uint64_t program) { return programs.describe(program); });
}

} // namespace

MSC_PLUGIN(render_prog_array, "id=mapscope.builtin.prog_array\0"
                              "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                              "license=Apache-2.0\0"
                              "summary=programs to call next\0"
                              "attach=map-type:prog_array prio=0\0"
                              "needs=struct bpf_array.ptrs\0"
                              "needs=struct bpf_prog.aux,type,tag\0"
                              "needs=struct bpf_prog_aux.id,name");
