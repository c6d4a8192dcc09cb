// SPDX-License-Identifier: Apache-2.0
// Every kind of map that is rendered, typed, and the sections of an object with every kind of type.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "known.h"
#include "map.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

typedef struct numbers numbers_t;

struct long_key {
  u8 bytes[301]; /* the value behind it needs padding */
};

MAP(big, HASH, u32, struct numbers, 100000, 0);
MAP(big_nopre, HASH, u64, struct numbers, 3000, BPF_F_NO_PREALLOC);
MAP(padded_keys, HASH, struct key, struct point, 64, 0);
MAP(wide_values, HASH, u32, struct page_and_more, 8, 0);
MAP(wide_nopre, HASH, u32, struct page_and_more, 8, BPF_F_NO_PREALLOC);
MAP(with_gaps, HASH, u32, u64, 200, 0);
MAP(empty_hash, HASH, u64, u64, 16, 0);
MAP(lru, LRU_HASH, u32, struct numbers, 500, 0);
MAP(lru_percpu_list, LRU_HASH, u16, u8, 128, BPF_F_NO_COMMON_LRU);
MAP(percpu_odd, PERCPU_HASH, u32, struct odd, 100, 0);
MAP(percpu_nopre, PERCPU_HASH, struct key, struct five, 50, BPF_F_NO_PREALLOC);
MAP(percpu_lru, LRU_PERCPU_HASH, u64, u64, 64, 0);
MAP(percpu_cells, PERCPU_ARRAY, u32, struct odd, 300, 0);
MAP(percpu_five, PERCPU_ARRAY, u32, struct five, 3, 0);
MAP(one, ARRAY, u32, struct everything, 1, 0);
MAP(many, ARRAY, u32, numbers_t, 1000, 0);
MAP(many_odd, ARRAY, u32, struct five, 77, 0);
MAP(mapped_one, ARRAY, u32, u64, 1, BPF_F_MMAPABLE);
MAP(mapped_many, ARRAY, u32, struct odd, 2000, BPF_F_MMAPABLE);
MAP(read_only, ARRAY, u32, enum temperature, 4, BPF_F_RDONLY_PROG);
MAP(wide_array, ARRAY, u32, struct page_and_more, 7, 0);
MAP(wide_percpu, PERCPU_HASH, u32, struct page_and_more, 4, 0);
MAP(wide_keys, HASH, struct long_key, u8, 30, 0);
MAP(lru_percpu_odd, LRU_PERCPU_HASH, struct key, struct odd, 40, BPF_F_NO_COMMON_LRU);
MAP(all_everything, HASH, s64, struct everything, 4, 0);
MAP(exactly_15_char, HASH, u32, enum tiny, 4, 0);

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} records SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK_TRACE);
  __uint(key_size, sizeof(u32));
  __uint(value_size, 20 * sizeof(u64));
  __uint(max_entries, 16);
} stacks SEC(".maps");

struct everything in_bss;
u64 counters[4];
_Bool flag_bss;

struct everything in_data = {.u8_max = 255, .text = "in .data"};
static volatile u32 hidden_number = 42;
struct point path[3] = {{1, -1}, {2, -2}, {3, -3}};

const volatile struct everything in_rodata = {.u8_max = 255, .text = "in .rodata"};
const volatile s64 limits[2] = {-1, 1};

struct numbers custom SEC(".data.custom") = {.count = 7, .sum = -7};

struct flexible flexible SEC(".data.flexible") = {.count = 2, .items = {7, 8}};

SEC("socket")
int count_it(void* context) {
  u32 zero = 0;
  u64* cell = bpf_map_lookup_elem(&mapped_one, &zero);
  if (cell) __sync_fetch_and_add(cell, 1);
  counters[0] += in_rodata.u8_max + hidden_number + path[0].x + custom.count + in_data.u8_max + limits[1];
  flag_bss = in_bss.truth;
  if (bpf_map_lookup_elem(&mapped_one, "a string literal of its own")) counters[1]++; /* not that many */
  return 0;
}

/* Leaves records and stacks behind. */
SEC("raw_tp/task_rename")
int watch(void* context) {
  struct numbers record = {.count = counters[2]++, .sum = -1, .last = flexible.count};
  bpf_ringbuf_output(&records, &record, sizeof(record), 0);
  bpf_get_stackid(context, &stacks, 0);
  return 0;
}

/* Refers to the maps, so that they are this program's maps. */
SEC("socket")
int use_maps(void* context) {
  u32 key = 0;
  u64 wide = 0;
  struct key padded = {};
  u64 sum = 0;
#define USE(MAP, KEY) sum += bpf_map_lookup_elem(&MAP, &KEY) != 0
  USE(big, key);
  USE(big_nopre, wide);
  USE(padded_keys, padded);
  USE(with_gaps, key);
  USE(lru, key);
  USE(percpu_odd, key);
  USE(percpu_cells, key);
  USE(many, key);
  USE(read_only, key);
  return sum;
}
