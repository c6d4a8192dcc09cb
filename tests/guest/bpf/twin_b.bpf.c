// SPDX-License-Identifier: Apache-2.0
// Its maps are named like those of twin_a, and mean something else.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "known.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, u64);
  __type(value, struct other);
  __uint(max_entries, 20);
} state SEC(".maps");

struct other shared_name;

SEC("socket")
int twin(void* context) {
  u64 key = 1;
  struct other* found = bpf_map_lookup_elem(&state, &key);
  shared_name.b = found ? found->b : -11;
  return 0;
}
