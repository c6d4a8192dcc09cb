// SPDX-License-Identifier: Apache-2.0
// TCP congestion control in BPF: one struct of operations in every state that its map can be in. What each of
// them does is of no matter.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "known.h"

char LICENSE[] SEC("license") = "GPL";

struct sock;

// Of the kernel's struct what is set here; libbpf finds the members by their names.
struct tcp_congestion_ops {
  u32 (*ssthresh)(struct sock* sk);
  void (*cong_avoid)(struct sock* sk, u32 ack, u32 acked);
  u32 (*undo_cwnd)(struct sock* sk);
  void (*release)(struct sock* sk);
  u32 flags;
  char name[16];
};

SEC("struct_ops/ssthresh")
u32 BPF_PROG(cc_ssthresh, struct sock* sk) { return 10; }

SEC("struct_ops/cong_avoid")
void BPF_PROG(cc_cong_avoid, struct sock* sk, u32 ack, u32 acked) {}

SEC("struct_ops/undo_cwnd")
u32 BPF_PROG(cc_undo_cwnd, struct sock* sk) { return 20; }

SEC("struct_ops/release")
void BPF_PROG(cc_release, struct sock* sk) {}

#define REQUIRED                                                                                             \
  .ssthresh = (void*)cc_ssthresh, .cong_avoid = (void*)cc_cong_avoid, .undo_cwnd = (void*)cc_undo_cwnd

#define OPS SEC(".struct_ops") struct tcp_congestion_ops

OPS cc_in_use = {REQUIRED, .release = (void*)cc_release, .flags = 2, .name = "ms_in_use"};
OPS cc_loaded = {REQUIRED, .name = "ms_loaded"};
OPS cc_removed = {REQUIRED, .name = "ms_removed"};
// BPF_F_LINK: by a link and not by their map are these registered.
OPS cc_ready = {REQUIRED, .flags = 2, .name = "ms_ready"};
OPS cc_linked = {REQUIRED, .release = (void*)cc_release, .name = "ms_linked"};
