/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of ring.bpf.c and its loader say to each other. */
#ifndef RING_H
#define RING_H

struct ring_event {
  u64 sequence;
  s32 delta;
  char text[12];
};

/* What blocked() is given. */
struct ring_wait {
  u64 address; /* of a user page that never comes */
};

enum ring_command { RING_OUTPUT, RING_DISCARD, RING_OUTPUT_SHORT };

#endif
