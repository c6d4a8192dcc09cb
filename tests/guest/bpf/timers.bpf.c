// SPDX-License-Identifier: Apache-2.0
// Spin locks and timers: what every kernel since 5.15 has.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct guarded {
  struct bpf_spin_lock lock;
  unsigned int count;
};

struct timed {
  unsigned long long number;
  struct bpf_timer timer;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, unsigned int);
  __type(value, struct guarded);
  __uint(max_entries, 4);
} guarded_hash SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, unsigned int);
  __type(value, struct timed);
  __uint(max_entries, 3);
} timed_array SEC(".maps");

static int on_tick(void* map, unsigned int* key, struct timed* value) {
  value->number++;
  return 0;
}

/* Element 0 is armed, element 1 has no callback yet, element 2 was never touched. */
SEC("tc")
int arm(struct __sk_buff* packet) {
  unsigned int zero = 0, one = 1;
  struct timed *armed = bpf_map_lookup_elem(&timed_array, &zero),
               *idle = bpf_map_lookup_elem(&timed_array, &one);
  if (!armed || !idle) return 1;
  if (bpf_timer_init(&armed->timer, &timed_array, 1 /* CLOCK_MONOTONIC */)) return 2;
  if (bpf_timer_set_callback(&armed->timer, on_tick)) return 3;
  if (bpf_timer_start(&armed->timer, 1000000000000ULL, 0)) return 4;
  return bpf_timer_init(&idle->timer, &timed_array, 7 /* CLOCK_BOOTTIME */) ? 5 : 0;
}
