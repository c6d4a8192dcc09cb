/* SPDX-License-Identifier: Apache-2.0
 * Values that are easily told wrong, as C: shared by the BPF object that declares them and the loader that
 * fills them.
 */
#pragma once

#include <linux/types.h>

#include "known.h"

/* Bytes and text look alike in memory: only the type tells which is which. */
struct station {
  u8 mac[6];
  u8 address[4];
  unsigned char initials[2];
  s8 balance[3];
  char comm[16];     /* with what lay there before behind its NUL */
  char greeting[16]; /* not ASCII */
  char torn[4];      /* ends within a letter */
};

/* Longer than a report shows by default. */
struct tall {
  u32 first;
  u64 cells[8192];
};

/* The same for per-CPU values, which must be smaller than 32 KiB. */
struct tall_copy {
  u32 cells[6000];
};

struct told_prefix { /* of an LPM trie: its type says that it is an address of IPv4 */
  u32 prefixlen;
  __be32 network;
};

struct guessed_prefix { /* four bytes that may be one */
  u32 prefixlen;
  u8 network[4];
};

struct other_prefix { /* four bytes that are none */
  u32 prefixlen;
  u16 zone, shelf;
};
