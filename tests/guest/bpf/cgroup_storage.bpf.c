// SPDX-License-Identifier: Apache-2.0
// Programs with values for each cgroup that they are attached to: by cgroup and kind of attachment, by cgroup
// alone, and without types.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "known.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define STORAGE(NAME, TYPE, KEY, VALUE)                                                                      \
  struct {                                                                                                   \
    __uint(type, BPF_MAP_TYPE_##TYPE);                                                                       \
    __type(key, KEY);                                                                                        \
    __type(value, VALUE);                                                                                    \
  } NAME SEC(".maps")

STORAGE(by_attach, CGROUP_STORAGE, struct bpf_cgroup_storage_key, struct numbers);
STORAGE(by_attach_cpu, PERCPU_CGROUP_STORAGE, struct bpf_cgroup_storage_key, struct odd);
STORAGE(by_group, CGROUP_STORAGE, __u64, u64);
STORAGE(by_group_cpu, PERCPU_CGROUP_STORAGE, __u64, u64);

#define UNTYPED(NAME, TYPE, KEY)                                                                             \
  struct {                                                                                                   \
    __uint(type, BPF_MAP_TYPE_##TYPE);                                                                       \
    __uint(key_size, KEY);                                                                                   \
    __uint(value_size, sizeof(u64));                                                                         \
  } NAME SEC(".maps")

UNTYPED(bare_by_attach, CGROUP_STORAGE, sizeof(struct bpf_cgroup_storage_key));
UNTYPED(bare_by_group, PERCPU_CGROUP_STORAGE, sizeof(__u64));

/* Attached in both directions: no section says which. */
SEC("cgroup/skb")
int count_by_attach(struct __sk_buff* packet) {
  struct numbers* all = bpf_get_local_storage(&by_attach, 0);
  struct odd* here = bpf_get_local_storage(&by_attach_cpu, 0);
  __sync_fetch_and_add(&all->count, 1);
  here->hits++;
  return 1;
}

SEC("cgroup/skb")
int count_by_group(struct __sk_buff* packet) {
  u64* all = bpf_get_local_storage(&by_group, 0);
  u64* here = bpf_get_local_storage(&by_group_cpu, 0);
  __sync_fetch_and_add(all, 1);
  ++*here;
  return 1;
}

SEC("cgroup/skb")
int count_bare(struct __sk_buff* packet) {
  u64* all = bpf_get_local_storage(&bare_by_attach, 0);
  u64* here = bpf_get_local_storage(&bare_by_group, 0);
  __sync_fetch_and_add(all, 1);
  ++*here;
  return 1;
}
