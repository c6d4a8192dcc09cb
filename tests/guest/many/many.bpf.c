// SPDX-License-Identifier: Apache-2.0
// What only a program can put into a map by the thousand: records of a ring, stacks, values of control
// groups.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "../bpf/known.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4 << 20);
} many_records SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK_TRACE);
  __uint(key_size, sizeof(u32));
  __uint(value_size, 30 * sizeof(u64));
  __uint(max_entries, 1 << 16);
} many_stacks SEC(".maps");

#define STORAGE(NAME, TYPE, KEY, VALUE, FLAGS)                                                               \
  struct {                                                                                                   \
    __uint(type, BPF_MAP_TYPE_##TYPE);                                                                       \
    __type(key, KEY);                                                                                        \
    __type(value, VALUE);                                                                                    \
    __uint(map_flags, FLAGS);                                                                                \
  } NAME SEC(".maps")

STORAGE(many_attached, CGROUP_STORAGE, struct bpf_cgroup_storage_key, struct numbers, 0);
STORAGE(many_attached_cpu, PERCPU_CGROUP_STORAGE, struct bpf_cgroup_storage_key, struct odd, 0);
STORAGE(many_of_task, TASK_STORAGE, int, struct numbers, BPF_F_NO_PREALLOC);
STORAGE(many_of_inode, INODE_STORAGE, int, struct numbers, BPF_F_NO_PREALLOC);
STORAGE(many_of_socket, SK_STORAGE, int, struct numbers, BPF_F_NO_PREALLOC);
#define BPF_MAP_TYPE_YOUNG_CGRP_STORAGE 32 /* younger than the oldest headers this builds with */
STORAGE(many_of_cgroup, YOUNG_CGRP_STORAGE, int, struct numbers, BPF_F_NO_PREALLOC);

/* args: how many records */
SEC("raw_tp/task_rename")
int add_records(struct bpf_raw_tracepoint_args* context) {
  u64 count = context->args[0];
  for (u64 i = 0; i < 1024 && i < count; i++) {
    u64 record[3] = {i, ~i, count};
    bpf_ringbuf_output(&many_records, record, sizeof(record), BPF_RB_NO_WAKEUP);
  }
  return 0;
}

/* The kernel begins with the caller of this. */
__noinline int take_stack(struct bpf_raw_tracepoint_args* context, u64 path) {
  return bpf_get_stackid(context, &many_stacks, 0) < 0;
}

/* Four calls in different places: each has an address to return to of its own, so that seven such functions
   inside each other make 4^7 stacks. The comments keep the compiler from making one call of two. */
#define CALL(NEXT, NUMBER)                                                                                   \
  asm volatile("r0 = " #NUMBER ::: "r0");                                                                    \
  got = NEXT(context, path >> 2);                                                                            \
  asm volatile("r1 = " #NUMBER ::: "r1");                                                                    \
  break

#define FORK(LINKAGE, NAME, NEXT)                                                                            \
  LINKAGE int NAME(struct bpf_raw_tracepoint_args* context, u64 path) {                                      \
    int got = 0;                                                                                             \
    switch (path & 3) {                                                                                      \
    case 0:                                                                                                  \
      CALL(NEXT, 0);                                                                                         \
    case 1:                                                                                                  \
      CALL(NEXT, 1);                                                                                         \
    case 2:                                                                                                  \
      CALL(NEXT, 2);                                                                                         \
    case 3:                                                                                                  \
      CALL(NEXT, 3);                                                                                         \
    }                                                                                                        \
    return got;                                                                                              \
  }

FORK(__noinline, seventh, take_stack)
FORK(__noinline, sixth, seventh)
FORK(__noinline, fifth, sixth)
FORK(__noinline, fourth, fifth)
FORK(__noinline, third, fourth)
FORK(__noinline, second, third)
FORK(static __always_inline, first, second)

/* args: the first and the number of paths */
SEC("raw_tp/task_rename")
int add_stacks(struct bpf_raw_tracepoint_args* context) {
  u64 start = context->args[0], count = context->args[1], path = start;
  for (u64 i = 0; i < 1024 && i < count; i++, path++) first(context, path);
  return 0;
}

SEC("cgroup/skb")
int count_packets(struct __sk_buff* packet) {
  struct numbers* all = bpf_get_local_storage(&many_attached, 0);
  struct odd* here = bpf_get_local_storage(&many_attached_cpu, 0);
  __sync_fetch_and_add(&all->count, 1);
  here->hits++;
  return 1;
}
