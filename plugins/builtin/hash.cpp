// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_HASH and BPF_MAP_TYPE_LRU_HASH, preallocated or not.

#include "htab.hpp"

namespace {

/// The key says in which bucket it is, and each bucket is met once.
void render_hash(mapscope::Call& call) {
  mapscope::builtin::Htab(call, call.target.value_size)
      .for_each(call.target.value_size, [&](mapscope::Bytes key, std::optional<mapscope::Bytes> value) {
        call.entry_once(key, value);
      });
}

} // namespace

MSC_PLUGIN(render_hash, "id=mapscope.builtin.hash\0"
                        "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                        "license=Apache-2.0\0"
                        "summary=hash and LRU hash maps\0"
                        "attach=map-type:hash,lru_hash prio=0\0"
                        "needs=struct bpf_htab.buckets,n_buckets\0"
                        "needs=struct bucket.head\0"
                        "needs=struct htab_elem.hash_node,hash,key");
