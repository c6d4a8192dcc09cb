/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an object of layout.bpf.c says of its slots to the loader, and what its slots hold.
 */
#pragma once

#include "sdt_alloc.h"

struct layout {
  u32 header;           /* bytes of a slot beside its payload */
  u32 id;               /* where in the header union sdt_id is */
  s32 link;             /* where in the header the next slot that was freed is; below 0: nowhere */
  u32 is_behind;        /* the payload; else it is before it */
  u32 align;            /* slots are multiples of it */
  u32 is_declared_only; /* struct sdt_data; else BTF has it */
  u32 is_told;          /* by BTF, or by what releases had; else nothing says where the header is */
  u32 bitmap_id;        /* bytes of a bitmap before its bits */
};

/* Its size is no multiple of 8, and no allocator is named after it. */
struct weighed_task_ctx {
  u32 pid;
  s32 cpu;
  u32 weight;
  u32 runtimes[4];
};

struct cgrp {
  u64 vtime;
  u64 weight;
};

/* As tools/sched_ext/scx_sdt keeps one for each task. */
struct layout_ref {
  union sdt_id tid;
  u64 tptr;
  struct sdt_data __arena* data;
};
