// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_HASH_OF_MAPS: a hash whose values are pointers to maps (htab_of_maps_map_ops,
// kernel/bpf/hashtab.c); bpf(2) shows their ids instead, hence a value size of 4.

#include "htab.hpp"
#include "inner_map.hpp"
#include "slots.hpp"

namespace {

using mapscope::Bytes;

void render_hash_of_maps(mapscope::Call& call) {
  mapscope::builtin::InnerMaps maps(call);
  mapscope::builtin::Slots slots(call);
  mapscope::builtin::Htab htab(call, sizeof(std::uint64_t));
  htab.for_each(sizeof(std::uint64_t), [&](Bytes key, std::optional<Bytes> value) {
    slots.add(key, value ? mapscope::builtin::pointer_at(*value) : 0);
  });
  slots.add_counted(htab.beyond());
  slots.emit("map", [&](std::uint64_t map) { return maps.describe(map); });
}

} // namespace

MSC_PLUGIN(render_hash_of_maps, "id=mapscope.builtin.hash_of_maps\0"
                                "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                                "license=Apache-2.0\0"
                                "summary=hashes of maps\0"
                                "attach=map-type:hash_of_maps prio=0\0"
                                "needs=struct bpf_htab.buckets,n_buckets\0"
                                "needs=struct bucket.head\0"
                                "needs=struct htab_elem.hash_node,hash,key\0"
                                "needs=struct bpf_map.id,name");
