// SPDX-License-Identifier: Apache-2.0
// Pointers to tasks, control groups, CPU masks and into an arena, kept as numbers wherever a program can keep
// one, and numbers that only look like such. The arena's memory is handed out by the kernel's libarena: by
// its buddy allocator, which has no list of what it gave to whom, and as a range of pages.
#include <libarena/common.h>

#include <libarena/buddy.h>

#include <bpf/bpf_helpers.h>

#include "hidden.h"

__weak char _license[] SEC("license") = "GPL";

#define MAP(NAME, TYPE, VALUE, ENTRIES)                                                                      \
  struct {                                                                                                   \
    __uint(type, BPF_MAP_TYPE_##TYPE);                                                                       \
    __type(key, u32);                                                                                        \
    __type(value, VALUE);                                                                                    \
    __uint(max_entries, ENTRIES);                                                                            \
  } NAME SEC(".maps")

struct held {
  struct bpf_cpumask __kptr* mask;
};

MAP(hidden_hash, HASH, struct hidden, HIDDEN_TASKS);
MAP(hidden_array, ARRAY, struct hidden, HIDDEN_TASKS);
MAP(lookalikes, HASH, struct lookalike, HIDDEN_TASKS);
MAP(gone, HASH, struct hidden, HIDDEN_TASKS);
MAP(masks, ARRAY, struct held, HIDDEN_TASKS);
MAP(noise, ARRAY, u64, NOISE); /* the loader fills it */

struct hidden last;
u64 by_helper;
u32 seen, loader;
u64 first_task;

struct hidden __arena in_arena[HIDDEN_TASKS];
struct task_context __arena* __arena first_context;
struct statistics __arena* __arena statistics_of_all;

struct bpf_cpumask* bpf_cpumask_create(void) __ksym __weak;
void bpf_cpumask_release(struct bpf_cpumask* mask) __ksym __weak;
void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask* mask) __ksym __weak;

SEC("syscall")
int allocate(struct allocated* said) {
  loader = said->loader;
  said->fixed = (u64)bpf_arena_alloc_pages(&arena, NULL, STATIC_PAGES, NUMA_NO_NODE, 0);
  said->lost = (u64)bpf_arena_alloc_pages(&arena, NULL, LOST_PAGES, NUMA_NO_NODE, 0);
  statistics_of_all = (void __arena*)said->fixed;
  for (u64 page = 0; page < LOST_PAGES; ++page) *(u64 __arena*)(said->lost + page * __PAGE_SIZE) = page + 1;
  return 0;
}

static u64 hide_mask(u32 number) {
  struct bpf_cpumask *mask = bpf_cpumask_create(), *before;
  struct held* held = bpf_map_lookup_elem(&masks, &number);
  if (!mask) return 0;
  bpf_cpumask_set_cpu(number & 1, mask);
  u64 address = (u64)mask;
  if (!held) {
    bpf_cpumask_release(mask);
    return 0;
  }
  before = bpf_kptr_xchg(&held->mask, mask);
  if (before) bpf_cpumask_release(before);
  return address;
}

static u64 freed_mask(void) {
  struct bpf_cpumask* mask = bpf_cpumask_create();
  u64 address = (u64)mask;
  if (mask) bpf_cpumask_release(mask);
  return address;
}

static u64 hide_context(struct task_struct* task) {
  struct task_context __arena* made = arena_malloc(sizeof(*made));
  if (!made) return 0;
  made->pid = task->pid;
  made->weight = 100 + seen;
  made->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
  made->next = first_context;
  first_context = made;
  return (u64)made;
}

static void hide_lookalikes(const struct hidden* true_ones, u32 pid) {
  u64 random = (u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
  if (!first_task) first_task = true_ones->task;
  struct lookalike likes = {
      .behind_task = true_ones->task + 8,
      .before_task = true_ones->task - 8,
      .behind_cgroup = true_ones->cgroup + 8,
      .behind_context = true_ones->context + 8,
      .before_context = true_ones->context - 8,
      .freed_mask = freed_mask(),
      .counter = (u64)seen << 33 | pid,
      .time = bpf_ktime_get_ns(),
      .random = random,
      .like_a_task = (first_task & ~0xffffffffULL) | (u32)random,
  };
  bpf_map_update_elem(&lookalikes, &pid, &likes, BPF_ANY);
}

static void remember_one(struct task_struct* task) {
  u32 pid = task->pid, number = seen;
  if (bpf_map_lookup_elem(&hidden_hash, &pid)) return;
  if (seen >= HIDDEN_TASKS) { /* it is about to end */
    struct hidden ends = {.task = (u64)task};
    bpf_map_update_elem(&gone, &pid, &ends, BPF_ANY);
    return;
  }
  struct hidden all = {.task = (u64)task,
                       .cgroup = (u64)task->cgroups->dfl_cgrp,
                       .mask = hide_mask(number),
                       .context = hide_context(task)};
  bpf_map_update_elem(&hidden_hash, &pid, &all, BPF_ANY);
  bpf_map_update_elem(&hidden_array, &number, &all, BPF_ANY);
  last = all;
  in_arena[number].task = all.task;
  in_arena[number].cgroup = all.cgroup;
  in_arena[number].mask = all.mask;
  in_arena[number].context = all.context;
  statistics_of_all[number].pid = pid;
  statistics_of_all[number].runs = 1000 + number;
  hide_lookalikes(&all, pid);
  seen++;
}

/* For each child of the loader. */
SEC("iter.s/task")
int remember(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  if (!task || task->real_parent->pid != loader || task->pid == loader) return 0;
  by_helper = bpf_get_current_task();
  remember_one(task);
  return 0;
}
