/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an arena-based scheduler keeps: the structures of sdt_alloc (scx's lib/sdt_alloc.h, the kernel's own
 * tools/sched_ext/scx_sdt.h) under their own names and with their own layout, and payloads of ours.
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

struct sdt_data {
  union sdt_id tid;
  u64 payload[];
};

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

/* The payload of two allocators; its size is no multiple of 8. */
struct task_ctx {
  u32 pid;
  s32 cpu;
  char comm[16];
  u32 counters[5];
};

/* Rounded up, as large as the one before. */
struct cgroup_ctx {
  u64 id;
  u64 weight;
  u64 runtime[3];
  u32 nr_tasks;
  u32 level;
};

/* A slot of it is larger than a page. */
struct wide_ctx {
  u64 number;
  u64 words[600];
};

/* No allocator is named after it; no other type is as large. Some of its slots lie across two pages. */
struct lonely {
  u64 words[125];
};

/* Nothing tells which of the two an allocator of that size holds. */
struct left_twin {
  u64 words[9];
};
struct right_twin {
  u64 halves[9];
};

struct node {
  u64 number;
  struct node __arena* next;
  struct node __arena* other;
};

struct never_defined;

/* As tools/sched_ext/scx_sdt keeps one for each task. */
struct slot_ref {
  union sdt_id tid;
  u64 tptr;
  struct sdt_data __arena* data;
};

struct pointers {
  struct node __arena* circle;
  struct node __arena* shared_by_one;
  struct node __arena* shared_by_two;
  struct node __arena* list;
  int __arena* number;
  struct never_defined __arena* forward;
  struct never_defined __arena* forward_to_slot;
  struct node __arena* nowhere; /* a page that is not there */
  struct node __arena* nothing;
};
