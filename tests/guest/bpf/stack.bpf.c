// SPDX-License-Identifier: Apache-2.0
// Stacks of the kernel, of a module and of user space.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "known.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define STACKS(NAME, FRAME, FLAGS)                                                                           \
  struct {                                                                                                   \
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);                                                                  \
    __uint(key_size, sizeof(u32));                                                                           \
    __uint(value_size, 30 * (FRAME));                                                                        \
    __uint(max_entries, 20);                                                                                 \
    __uint(map_flags, FLAGS);                                                                                \
  } NAME SEC(".maps")

STACKS(of_kernel, sizeof(u64), 0);
STACKS(of_user, sizeof(u64), 0);
STACKS(of_files, sizeof(struct bpf_stack_build_id), BPF_F_STACK_BUILD_ID);

/* The stack leads through this program itself. */
SEC("raw_tp/task_rename")
int from_program(void* context) {
  bpf_get_stackid(context, &of_kernel, 0);
  return 0;
}

/* In a function of qemu_fw_cfg, while user space reads a file of it. */
SEC("kprobe")
int from_module(void* context) {
  bpf_get_stackid(context, &of_kernel, 0);
  bpf_get_stackid(context, &of_user, BPF_F_USER_STACK);
  bpf_get_stackid(context, &of_files, BPF_F_USER_STACK);
  return 0;
}

/* The same without a module, and of the loader alone: what else runs in the guest is to change nothing. */
SEC("kprobe")
int from_kernel(void* context) {
  if (bpf_get_current_pid_tgid() >> 32 != 1) return 0;
  bpf_get_stackid(context, &of_kernel, 0);
  bpf_get_stackid(context, &of_user, BPF_F_USER_STACK);
  bpf_get_stackid(context, &of_files, BPF_F_USER_STACK);
  return 0;
}
