// SPDX-License-Identifier: Apache-2.0
// A scheduler as far as its memory goes: allocators, and maps whose values point into them. It needs arenas
// (6.9), and no sched_ext; the loader lays out the arena, with the layout that a scheduler's own code would
// make.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "allocators.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
  __uint(type, 33); /* BPF_MAP_TYPE_ARENA, younger than the oldest headers this builds with */
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1 << 12);
} alloc_arena SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, u32);
  __type(value, struct slot_ref);
  __uint(max_entries, 2048);
} task_ctx_refs SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, u64);
  __type(value, struct slot_ref);
  __uint(max_entries, 1024);
} cgroup_ctx_refs SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct slot_ref);
} task_refs SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, u32);
  __type(value, struct pointers);
  __uint(max_entries, 1);
} arena_pointers SEC(".maps");

struct scx_allocator task_ctx_allocator;
struct scx_allocator scx_task_ctx_allocator;
struct scx_allocator cgroup_ctx_allocator;
struct scx_allocator wide_ctx_allocator;
struct scx_allocator by_size_allocator;
struct scx_allocator twins_allocator;
struct scx_allocator unused_allocator;

/* Types that no variable uses are not in the BTF; those that only a member points to are declared, not
   defined. */
struct node* node_of_btf;
struct sdt_data* data_of_btf;
struct sdt_chunk* chunk_of_btf;
struct task_ctx* task_ctx_of_btf;
struct cgroup_ctx* cgroup_ctx_of_btf;
struct wide_ctx* wide_ctx_of_btf;
struct lonely* lonely_of_btf;
struct left_twin* left_of_btf;
struct right_twin* right_of_btf;

/* Never run: by using them it makes the maps one scheduler's. */
SEC("raw_tp/task_rename")
int use_maps(void* context) {
  u32 key = bpf_get_prandom_u32();
  u64 number = key;
  asm volatile("" ::"r"(&alloc_arena));
  struct slot_ref* found = bpf_map_lookup_elem(&task_ctx_refs, &key);
  if (!found) found = bpf_map_lookup_elem(&cgroup_ctx_refs, &number);
  struct pointers* pointers = bpf_map_lookup_elem(&arena_pointers, &key);
  struct task_struct* task = (void*)bpf_get_current_task_btf();
  struct slot_ref* of_task = bpf_task_storage_get(&task_refs, task, 0, 0);
  return (found != 0) + (pointers != 0) + (of_task != 0) + (task_ctx_allocator.root == 0);
}
