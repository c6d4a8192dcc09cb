// SPDX-License-Identifier: Apache-2.0
// Maps that no object declares: without BTF, with odd flags, and of every type that bpf(2) can fill.
#include "guest.hpp"

#include "../bpf/known.h"

#include <bpf/bpf.h>

namespace guest {

namespace {

int create(bpf_map_type type, const char* name, u32 key, u32 value, u32 entries, u32 flags = 0) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
  return must(bpf_map_create(type, name, key, value, entries, &options), name);
}

void create_untyped() {
  Random random;
  fill_random(create(BPF_MAP_TYPE_HASH, "bare_hash", 6, 10, 20), 15, random);
  fill_random(create(BPF_MAP_TYPE_HASH, "bare_zero_seed", 16, 16, 64, BPF_F_ZERO_SEED), 60, random);
  fill_random(create(BPF_MAP_TYPE_ARRAY, "bare_array", 4, 3, 5), 5, random);
  fill_random(create(BPF_MAP_TYPE_PERCPU_ARRAY, "bare_percpu", 4, 12, 2), 2, random);
  fill_random(create(BPF_MAP_TYPE_LRU_PERCPU_HASH, "", 4, 20, 8), 3, random); // a map may have no name
  LIBBPF_OPTS(bpf_map_create_opts, numa, .map_flags = BPF_F_NUMA_NODE, .numa_node = 0);
  fill_random(must(bpf_map_create(BPF_MAP_TYPE_HASH, "on_node_0", 8, 8, 40, &numa), "on_node_0"), 40, random);
  fill_random(must(bpf_map_create(BPF_MAP_TYPE_ARRAY, "array_on_node_0", 4, 8, 40, &numa), "array_on_node_0"),
              40, random);
}

} // namespace

std::vector<std::string> create_bare_maps(const Objects& objects) {
  std::vector<std::string> unknown;
  create_untyped();
  create_tries();
  create_queues_and_stacks(objects);
  create_bloom_filters(unknown);
  create_rhashes(objects, unknown);
  create_references(objects);
  create_local_storages(unknown);
  create_cgroup_storages();
  create_arenas(unknown);
  create_allocators();
  create_insn_arrays(unknown);
  create_struct_ops();
  create_stacks();
  create_layouts();
  create_rings(unknown); // last: from here on a sleepable program runs for ever
  return unknown;
}

} // namespace guest
