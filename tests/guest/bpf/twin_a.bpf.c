// SPDX-License-Identifier: Apache-2.0
// Its maps are named like those of twin_b, and mean something else.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "known.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, u32);
  __type(value, struct point);
  __uint(max_entries, 10);
} state SEC(".maps");

struct point shared_name;

SEC("socket")
int twin(void* context) {
  u32 key = 1;
  struct point* found = bpf_map_lookup_elem(&state, &key);
  shared_name.x = found ? found->x : 11;
  return 0;
}
