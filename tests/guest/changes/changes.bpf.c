// SPDX-License-Identifier: Apache-2.0
// What changes between two captures of one boot: a map of each kind that its init, or this program, writes.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "../bpf/known.h"
#include "../bpf/map.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

MAP(c_hash, HASH, u32, struct numbers, 64, 0);
MAP(c_loose, HASH, u32, struct numbers, 64, BPF_F_NO_PREALLOC);
MAP(c_keys, HASH, struct key, u64, 16, 0);
MAP(c_lru, LRU_HASH, u32, u64, 1024, 0);
MAP(c_rewritten, HASH, u32, u64, 64, BPF_F_NO_PREALLOC);
MAP(c_array, ARRAY, u32, struct numbers, 3, 0);
MAP(c_per_cpu, PERCPU_ARRAY, u32, u64, 2, 0);
MAP(c_per_cpu_hash, PERCPU_HASH, u32, struct numbers, 16, 0);
MAP(c_programs, PROG_ARRAY, u32, u32, 4, 0);
MAP(c_untouched, ARRAY, u32, u64, 5, 0);

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __type(key, int);
  __type(value, struct numbers);
  __uint(map_flags, BPF_F_NO_PREALLOC);
} c_task SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} c_ring SEC(".maps");

u64 generation;
struct numbers totals;

/* args: what the record holds */
SEC("raw_tp/task_rename")
int to_ring(struct bpf_raw_tracepoint_args* context) {
  u64 event = context->args[0];
  bpf_ringbuf_output(&c_ring, &event, sizeof(event), 0);
  generation = event;
  totals.count += event;
  return 0;
}
