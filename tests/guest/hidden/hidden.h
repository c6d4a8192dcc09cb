/* SPDX-License-Identifier: Apache-2.0 */
/* What the object that hides pointers in numbers and its loader both know. */
#pragma once

#ifndef __bpf__
typedef unsigned int u32;
typedef unsigned long long u64;
#define __arena
#endif

enum { HIDDEN_TASKS = 8, STATIC_PAGES = 2, LOST_PAGES = 3, NOISE = 1 << 20 };

/* Numbers all of them, as far as a type tells. */
struct hidden {
  u64 task;
  u64 cgroup;
  u64 mask;
  u64 context;
};

/* Beside what they look like, or no more there. */
struct lookalike {
  u64 behind_task, before_task;
  u64 behind_cgroup;
  u64 behind_context, before_context;
  u64 freed_mask;
  u64 counter;
  u64 time;
  u64 random;
  u64 like_a_task; /* its upper half, and a random lower one */
};

/* Of a task, by the library's buddy allocator. */
struct task_context {
  u32 pid;
  u32 weight;
  u64 cgroup_id;
  struct task_context __arena* next;
};

/* In pages that the object asks the arena for once, by number. */
struct statistics {
  u64 pid;
  u64 runs;
};

/* What the program that allocates is told and says. */
struct allocated {
  u64 loader; /* whose children are the tasks */
  u64 lost, fixed;
};
