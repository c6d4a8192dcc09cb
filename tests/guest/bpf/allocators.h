/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an arena-based scheduler keeps: the slots of the kernel's own tools/sched_ext/scx_sdt.h, and payloads
 * of ours.
 */
#pragma once

#include "sdt_alloc.h"

struct sdt_data {
  union sdt_id tid;
  u64 payload[];
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
