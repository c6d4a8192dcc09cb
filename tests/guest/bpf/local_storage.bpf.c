// SPDX-License-Identifier: Apache-2.0
// Two maps for each kind of owner, and the only way to give a value to a thread on every kernel.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "known.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define CGRP_STORAGE 32 /* younger than the oldest headers this builds with */

#define STORAGE(NAME, TYPE, VALUE, FLAGS)                                                                    \
  struct {                                                                                                   \
    __uint(type, TYPE);                                                                                      \
    __type(key, int);                                                                                        \
    __type(value, VALUE);                                                                                    \
    __uint(map_flags, BPF_F_NO_PREALLOC | FLAGS);                                                            \
  } NAME SEC(".maps")

STORAGE(of_task, BPF_MAP_TYPE_TASK_STORAGE, struct numbers, 0);
STORAGE(of_task_too, BPF_MAP_TYPE_TASK_STORAGE, u64, 0);
STORAGE(of_no_task, BPF_MAP_TYPE_TASK_STORAGE, u64, 0);
STORAGE(of_inode, BPF_MAP_TYPE_INODE_STORAGE, struct numbers, 0);
STORAGE(of_inode_too, BPF_MAP_TYPE_INODE_STORAGE, u64, 0);
STORAGE(of_socket, BPF_MAP_TYPE_SK_STORAGE, struct numbers, BPF_F_CLONE);
STORAGE(of_socket_too, BPF_MAP_TYPE_SK_STORAGE, u64, 0);
STORAGE(of_cgroup, CGRP_STORAGE, struct numbers, 0);
STORAGE(of_cgroup_too, CGRP_STORAGE, u64, 0);

struct task_struct {
  int pid, tgid;
} __attribute__((preserve_access_index));

/* A thread that takes a name gets a value by its number. Threads of kernel and others are left alone. */
SEC("tp_btf/task_rename")
int BPF_PROG(give_value, struct task_struct* task, const char* name) {
  if (task->tgid != 1) return 0;
  struct numbers* value = bpf_task_storage_get(&of_task, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (value) value->count = task->pid, value->sum = -task->pid;
  return 0;
}
