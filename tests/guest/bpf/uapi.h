// SPDX-License-Identifier: Apache-2.0
// <linux/bpf.h>, with the types of ours that are younger than the oldest headers this builds with (Debian
// 12's): newer headers define them too, under other names here.
#pragma once

#define bpf_list_head uapi_bpf_list_head
#define bpf_list_node uapi_bpf_list_node
#define bpf_rb_root uapi_bpf_rb_root
#define bpf_rb_node uapi_bpf_rb_node
#define bpf_refcount uapi_bpf_refcount
#define bpf_wq uapi_bpf_wq
#include <linux/bpf.h>
#undef bpf_list_head
#undef bpf_list_node
#undef bpf_rb_root
#undef bpf_rb_node
#undef bpf_refcount
#undef bpf_wq

struct bpf_list_head {
  __u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_list_node {
  __u64 opaque[3];
} __attribute__((aligned(8)));
struct bpf_rb_root {
  __u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_rb_node {
  __u64 opaque[4];
} __attribute__((aligned(8)));
struct bpf_refcount {
  __u32 opaque[1];
} __attribute__((aligned(4)));
struct bpf_wq {
  __u64 opaque[2];
} __attribute__((aligned(8)));
