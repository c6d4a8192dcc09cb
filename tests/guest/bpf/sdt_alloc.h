/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structures of sdt_alloc (scx's lib/sdt_alloc.h, the kernel's own tools/sched_ext/scx_sdt.h) under their
 * own names and with their own layout, but for struct sdt_data, of which releases have many: who includes
 * this says which.
 */
#pragma once

#ifdef __bpf__
#define __arena __attribute__((address_space(1)))
#else
#define __arena
#endif

typedef unsigned long long u64;
typedef long long s64;
typedef unsigned int u32;
typedef int s32;

enum {
  SDT_LEVELS = 3,
  SDT_SHIFT = 9,
  SDT_CHILDREN = 1 << SDT_SHIFT,
};

union sdt_id {
  s64 val;
  struct {
    s32 idx;
    s32 genn;
  };
};

struct sdt_data;

struct sdt_pool {
  void __arena* slab;
  u64 elem_size;
  u64 max_elems;
  u64 idx;
};

struct sdt_chunk;

struct sdt_desc {
  u64 allocated[SDT_CHILDREN / 64];
  u64 nr_free;
  struct sdt_chunk __arena* chunk;
};

struct sdt_chunk {
  union {
    struct sdt_desc __arena* descs[SDT_CHILDREN];
    struct sdt_data __arena* data[SDT_CHILDREN];
  };
};

struct scx_allocator {
  struct sdt_pool pool;
  struct sdt_desc __arena* root;
};
