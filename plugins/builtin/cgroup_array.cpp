// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_CGROUP_ARRAY: control groups that programs test against (bpf_array.ptrs,
// kernel/bpf/arraymap.c).

#include "kernfs.hpp"
#include "slots.hpp"

namespace {

void render_cgroup_array(mapscope::Call& call) {
  mapscope::builtin::Cgroups cgroups(call);
  mapscope::builtin::Slots slots(call);
  slots.scan(call.target.map + call.offset(call.kernel_type("struct bpf_array"), "ptrs"));
  slots.emit("cgroup", [&](std::uint64_t cgroup) { return cgroups.describe(cgroup); });
}

} // namespace

MSC_PLUGIN(render_cgroup_array, "id=mapscope.builtin.cgroup_array\0"
                                "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                                "license=Apache-2.0\0"
                                "summary=arrays of control groups\0"
                                "attach=map-type:cgroup_array prio=0\0"
                                "needs=struct bpf_array.ptrs\0"
                                "needs=struct cgroup.kn\0"
                                "needs=struct kernfs_node.id,name");
