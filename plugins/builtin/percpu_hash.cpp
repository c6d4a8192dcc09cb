// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_PERCPU_HASH and BPF_MAP_TYPE_LRU_PERCPU_HASH: at the value's place lies a per-CPU pointer.

#include "htab.hpp"
#include "percpu.hpp"

namespace {

void render_percpu_hash(mapscope::Call& call) {
  mapscope::builtin::PerCpuCopies copies(call);
  mapscope::builtin::Htab(call).for_each(
      sizeof(std::uint64_t), [&](mapscope::Bytes key, std::optional<mapscope::Bytes> slot) {
        if (!slot) return call.percpu_entry(key, copies.unreadable());
        std::uint64_t pointer = 0;
        std::copy(slot->begin(), slot->end(), std::as_writable_bytes(std::span(&pointer, 1)).begin());
        call.percpu_entry(key, copies.read(pointer));
      });
}

} // namespace

MSC_PLUGIN(render_percpu_hash, "id=mapscope.builtin.percpu_hash\0"
                               "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                               "license=Apache-2.0\0"
                               "summary=per-CPU hash and per-CPU LRU hash maps\0"
                               "attach=map-type:percpu_hash,lru_percpu_hash prio=0\0"
                               "needs=struct bpf_htab.buckets,n_buckets\0"
                               "needs=struct bucket.head\0"
                               "needs=struct htab_elem.hash_node,hash,key");
