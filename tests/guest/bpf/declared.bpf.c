// SPDX-License-Identifier: Apache-2.0
// What only the declarations in an object tell: names that the kernel cuts, types that loaders do not pass to
// it; and values that are easily told wrong.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "declared.h"
#include "map.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

MAP(stations, HASH, u32, struct station, 8, 0);
MAP(tall_rows, ARRAY, u32, struct tall, 4, 0);
MAP(tall_copies, PERCPU_ARRAY, u32, struct tall_copy, 2, 0);
MAP(told_prefixes, LPM_TRIE, struct told_prefix, u32, 8, BPF_F_NO_PREALLOC);
MAP(guessed_prefixes, LPM_TRIE, struct guessed_prefix, u32, 8, BPF_F_NO_PREALLOC);
MAP(other_prefixes, LPM_TRIE, struct other_prefix, u32, 8, BPF_F_NO_PREALLOC);

/* Two whose first fifteen characters are equal. */
MAP(sessions_by_access, HASH, u32, struct point, 4, 0);
MAP(sessions_by_account, HASH, u32, struct odd, 4, 0);

/* libbpf passes the types of these to no kernel. */
struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __type(value, struct odd);
  __uint(max_entries, 4);
} declared_queue SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __type(value, struct numbers);
  __uint(max_entries, 4);
} declared_stack SEC(".maps");

struct inner {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, struct key);
  __type(value, struct point);
  __uint(max_entries, 4);
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
  __type(key, enum temperature);
  __uint(max_entries, 4);
  __array(values, struct inner);
} declared_maps SEC(".maps");

u64 far[8192];
u32 hist[512];
u64 nothing_in_it[8192];
struct key
    seen; /* or clang only declares the type: for it, an inner map's declaration is a pointer among others */

SEC("socket")
int count_sessions_by_access(void* context) {
  u32 key = 0;
  far[0] += hist[0] + nothing_in_it[0] + seen.cpu;
  return bpf_map_lookup_elem(&sessions_by_access, &key) != 0;
}

SEC("socket")
int count_sessions_by_account(void* context) {
  u32 key = 0;
  return bpf_map_lookup_elem(&sessions_by_account, &key) != 0;
}

SEC("socket")
int use_declared(void* context) {
  u32 index = 0;
  struct odd value = {};
  struct numbers numbers = {};
  enum temperature outer = COLD;
  u64 sum = bpf_map_pop_elem(&declared_queue, &value) + bpf_map_pop_elem(&declared_stack, &numbers);
  sum += bpf_map_lookup_elem(&declared_maps, &outer) != 0;
  sum += bpf_map_lookup_elem(&stations, &index) != 0;
  sum += bpf_map_lookup_elem(&tall_rows, &index) != 0;
  sum += bpf_map_lookup_elem(&tall_copies, &index) != 0;
  return sum;
}
