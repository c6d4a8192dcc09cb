// SPDX-License-Identifier: Apache-2.0
// A scheduler whose slots have the layout that -D words say (LAYOUTS in programs.py): what releases of the
// schedulers' library have (plugins/sdt_alloc/header.hpp says which), and what one may have that is to come.
// The loader lays out the arena.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#if OLDER
#define genn gen
#define scx_allocator sdt_allocator
#endif
#include "layout.h"

#define HEADER ((RCU ? 16 : 0) + 8 + (LINK ? 8 : 0))

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#if !DECLARED
struct sdt_data {
#if RCU /* no release has it: room for a struct rcu_head, before all else */
  struct {
    struct sdt_data __arena* next;
    u64 func;
  } rcu;
#endif
  union sdt_id tid;
#if LINK
  struct sdt_data __arena* urcu_link;
#endif
#if !BEHIND
  u64 payload[];
#endif
};
_Static_assert(sizeof(struct sdt_data) == HEADER, "as the loader lays it out");
struct sdt_data* data_of_btf;
#endif

#if LINK
struct scx_urcu {
  struct sdt_data __arena* head[2];
  u32 active;
};
struct scx_urcu* urcu_of_btf;
#endif

/* Declared for more CPUs than there are; the loader allocates it as long as this machine needs. */
struct scx_bitmap {
#if BITMAP_ID
  union sdt_id tid;
#endif
  u64 bits[64];
};

const volatile struct layout layout = {
    .header = HEADER,
    .id = RCU ? 16 : 0,
    .link = RCU    ? 0
            : LINK ? 8
                   : -1,
    .is_behind = BEHIND,
    .align = ALIGNED ? 64 : 8,
    .is_declared_only = DECLARED,
    .is_told = !(RCU && DECLARED),
    .bitmap_id = BITMAP_ID ? 8 : 0,
};

struct {
  __uint(type, 33); /* BPF_MAP_TYPE_ARENA, younger than the oldest headers this builds with */
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1 << 8);
} layout_arena SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, u32);
  __type(value, struct layout_ref);
  __uint(max_entries, 512);
} layout_refs SEC(".maps");

struct scx_allocator scx_task_allocator;
struct scx_allocator scx_cgrp_allocator;
struct scx_allocator scx_bitmap_allocator;

/* Types that no variable uses are not in the BTF; those that only a member points to are declared, not
   defined. */
struct sdt_desc* desc_of_btf;
struct sdt_chunk* chunk_of_btf;
struct weighed_task_ctx* task_of_btf;
struct cgrp* cgrp_of_btf;
struct scx_bitmap* bitmap_of_btf;

/* Never run: by using them it makes the maps one scheduler's. */
SEC("raw_tp/task_rename")
int use_layout(void* context) {
  u32 key = bpf_get_prandom_u32();
  asm volatile("" ::"r"(&layout_arena));
  struct layout_ref* found = bpf_map_lookup_elem(&layout_refs, &key);
  return (found != 0) + (scx_task_allocator.root == 0) + layout.header;
}
