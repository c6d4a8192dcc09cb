// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/access.hpp"

#include "host/lookup/map_types.hpp"

#include <fmt/format.h>
#include <linux/bpf.h>

namespace mapscope::lookup {

namespace {

Access not_seen(std::string_view why) { return {.lacks = fmt::format("{}; {}", why, shown_by_memory)}; }

Access seen_in_part(Way way, std::string_view lacks) {
  return {.way = way, .lacks = fmt::format("{}; {}", lacks, shown_by_memory)};
}

/// One element and one place: what comes next is all there is.
Access queue(const catalog::Map& map) {
  if (map.max_entries == 1) return {.way = Way::next};
  return seen_in_part(Way::next, "what lies behind the first element is not seen without popping it");
}

/// Those that no look-up may show.
Access kept_back(const catalog::Map& map) {
  switch (map.type) {
  case BPF_MAP_TYPE_SOCKMAP:
  case BPF_MAP_TYPE_SOCKHASH:
  case BPF_MAP_TYPE_REUSEPORT_SOCKARRAY:
    return not_seen("a look-up would give each socket a cookie, so none is made");
  case BPF_MAP_TYPE_STACK_TRACE: // bpf_stackmap_copy(), bpf_stackmap_extract(), kernel/bpf/stackmap.c
    return not_seen("a look-up takes the stack out of the map for as long as it copies it, and loses what a "
                    "program puts there meanwhile, so none is made");
  case map_type_arena:
    return not_seen("pages of an arena are allocated by whoever looks at them, so none is");
  case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
  case BPF_MAP_TYPE_CGROUP_ARRAY:
  case BPF_MAP_TYPE_XSKMAP:
    return not_seen("bpf(2) does not say what its slots refer to");
  case BPF_MAP_TYPE_BLOOM_FILTER:
    return not_seen("bpf(2) says of a value whether it may be in it, and not what is in it");
  case BPF_MAP_TYPE_INODE_STORAGE:
  case BPF_MAP_TYPE_SK_STORAGE:
    return not_seen("bpf(2) finds its values by a descriptor of their owner alone, and does not list owners");
  default:
    return not_seen("a type that look-ups are not known to leave as it is");
  }
}

} // namespace

Access access_of(const catalog::Map& map) {
  if (map.offloaded) return {.lacks = "its elements are in a network device, which is not asked for them"};
  switch (map.type) {
  case BPF_MAP_TYPE_ARRAY:
    return {.way = Way::batch, .is_array = true};
  case BPF_MAP_TYPE_PERCPU_ARRAY:
    return {.way = Way::batch, .per_cpu = true, .is_array = true};
  case map_type_insn_array:
    return {.way = Way::keys,
            .is_array = true,
            .lacks = fmt::format("addresses of the machine code are not seen; {}", shown_by_memory)};
  case BPF_MAP_TYPE_HASH:
  case BPF_MAP_TYPE_LRU_HASH:
  case BPF_MAP_TYPE_LPM_TRIE:
  case BPF_MAP_TYPE_HASH_OF_MAPS:
  case map_type_rhash:
    return {.way = Way::batch};
  case BPF_MAP_TYPE_PERCPU_HASH:
  case BPF_MAP_TYPE_LRU_PERCPU_HASH:
    return {.way = Way::batch, .per_cpu = true};
  // Not many a call: in 6.1, and no longer in 6.12, each slot of it, empty or not, waits for a grace period
  // of RCU (maybe_wait_bpf_programs(), kernel/bpf/syscall.c), and such a call ends when all are through.
  case BPF_MAP_TYPE_ARRAY_OF_MAPS:
  case BPF_MAP_TYPE_PROG_ARRAY:
  case BPF_MAP_TYPE_DEVMAP:
  case BPF_MAP_TYPE_DEVMAP_HASH:
  case BPF_MAP_TYPE_CPUMAP:
  case BPF_MAP_TYPE_CGROUP_STORAGE:
    return {.way = Way::keys};
  case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
    return {.way = Way::keys, .per_cpu = true};
  case BPF_MAP_TYPE_QUEUE:
  case BPF_MAP_TYPE_STACK:
    return queue(map);
  case BPF_MAP_TYPE_STRUCT_OPS:
    return seen_in_part(Way::only, "the ops are seen as they were handed to the kernel: with ids of programs "
                                   "in place of functions' addresses, and without what it has set itself");
  case BPF_MAP_TYPE_RINGBUF:
  case BPF_MAP_TYPE_USER_RINGBUF:
    return {.way = Way::ring};
  case BPF_MAP_TYPE_TASK_STORAGE:
    return seen_in_part(Way::tasks,
                        "idle tasks, and tasks that have ended and are held on to, cannot be asked for");
  case map_type_cgrp_storage:
    return seen_in_part(
        Way::cgroups, "control groups that are removed and held on to, or not mounted, cannot be asked for");
  default:
    return kept_back(map);
  }
}

} // namespace mapscope::lookup
