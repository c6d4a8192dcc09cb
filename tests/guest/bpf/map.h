// SPDX-License-Identifier: Apache-2.0
// A map with the types of its keys and values; behind <bpf/bpf_helpers.h>.
#pragma once

#define MAP(NAME, TYPE, KEY, VALUE, ENTRIES, FLAGS)                                                          \
  struct {                                                                                                   \
    __uint(type, BPF_MAP_TYPE_##TYPE);                                                                       \
    __type(key, KEY);                                                                                        \
    __type(value, VALUE);                                                                                    \
    __uint(max_entries, ENTRIES);                                                                            \
    __uint(map_flags, FLAGS);                                                                                \
  } NAME SEC(".maps")
