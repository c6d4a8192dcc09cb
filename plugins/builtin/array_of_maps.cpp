// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_ARRAY_OF_MAPS: pointers to maps side by side (bpf_array.ptrs, kernel/bpf/arraymap.c).

#include "inner_map.hpp"
#include "slots.hpp"

namespace {

void render_array_of_maps(mapscope::Call& call) {
  mapscope::builtin::InnerMaps maps(call);
  mapscope::builtin::Slots slots(call);
  slots.scan(call.target.map + call.offset(call.kernel_type("struct bpf_array"), "ptrs"));
  slots.emit("map", [&](std::uint64_t map) { return maps.describe(map); });
}

} // namespace

MSC_PLUGIN(render_array_of_maps, "id=mapscope.builtin.array_of_maps\0"
                                 "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                                 "license=Apache-2.0\0"
                                 "summary=arrays of maps\0"
                                 "attach=map-type:array_of_maps prio=0\0"
                                 "needs=struct bpf_array.ptrs\0"
                                 "needs=struct bpf_map.id,name");
