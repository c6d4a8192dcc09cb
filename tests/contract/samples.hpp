// SPDX-License-Identifier: Apache-2.0
// One small image for each built-in plugin, and what it must say of it. Every test starts from these.
#pragma once

#include <ostream>

namespace mapscope::test {

struct Sample {
  const char* plugin;
  const char* image;
  const char* lines;
};
/// For the names of parameterised tests.
inline std::ostream& operator<<(std::ostream& out, const Sample& sample) { return out << sample.plugin; }

// Offsets are not those of any kernel: a plugin takes them from the types.

inline constexpr Sample array_sample = {"array", R"(
struct bpf_array 256 elem_size=200 index_mask=204 value=216 pptrs=216
target map=0x10000 key_size=4 value_size=6 max_entries=3
@0x100c8 u32:8 u32:3 zero:8
@0x100d8 01 02 03 04 05 06 00 00
@0x100e0 11 12 13 14 15 16 00 00
@0x100e8 21 22 23 24 25 26 00 00
)",
                                        R"(value 01 02 03 04 05 06
element 0 = 01 02 03 04 05 06
element 1 = 11 12 13 14 15 16
element 2 = 21 22 23 24 25 26
)"};

// Four buckets: a chain of two, one of one, two empty ones. Key of 4 bytes, value of 6.
inline constexpr Sample hash_sample = {"hash", R"(
struct bucket 24 lock=0 nr=4
struct bpf_htab 512 buckets=256 n_buckets=272
struct bucket 16 head=8 head.first=8 lock=0
struct htab_elem 48 hash_node=0 hash_node.next=0 lru_node=8 hash=32 key=40
target map=0x10000 key_size=4 value_size=6 max_entries=4
cpu 0 offset=0x100000
@0x10100 u64:0x20000 zero:8 u32:4
@0x20000 zero:8 u64:0x30000 zero:8 u64:3
@0x20020 zero:8 u64:0x30100 zero:8 u64:7
@0x30000 u64:0x30080 zero:24 u32:8 zero:4 u32:1 zero:4 a1 a2 a3 a4 a5 a6
@0x30080 u64:1       zero:24 u32:4 zero:4 u32:2 zero:4 b1 b2 b3 b4 b5 b6
@0x30100 u64:5       zero:24 u32:2 zero:4 u32:3 zero:4 c1 c2 c3 c4 c5 c6
)",
                                       R"(entry 01 00 00 00 = a1 a2 a3 a4 a5 a6
entry 02 00 00 00 = b1 b2 b3 b4 b5 b6
entry 03 00 00 00 = c1 c2 c3 c4 c5 c6
)"};

// CPU 1 does not exist; CPU 2's copy of key 2 is missing; key 3 has no copies.
inline constexpr Sample percpu_hash_sample = {"percpu_hash", R"(
struct bpf_htab 512 buckets=256 n_buckets=272
struct bucket 16 head=8 head.first=8 lock=0
struct htab_elem 48 hash_node=0 hash_node.next=0 lru_node=8 hash=32 key=40
target map=0x10000 key_size=4 value_size=2 max_entries=4
cpu 0 offset=0x100000
cpu 2 offset=0x200000
@0x10100 u64:0x20000 zero:8 u32:4
@0x20000 zero:8 u64:0x30000 zero:8 u64:3 zero:8 u64:5 zero:8 u64:7
@0x30000 u64:0x30080 zero:24 u32:8 zero:4 u32:1 zero:4 u64:0x40000
@0x30080 u64:0x30100 zero:24 u32:4 zero:4 u32:2 zero:4 u64:0x40008
@0x30100 u64:1       zero:24 u32:12 zero:4 u32:3 zero:4 u64:0
@0x140000 01 02 zero:6 03 04
@0x240000 05 06
)",
                                              R"(percpu_entry 01 00 00 00 = [01 02 | - | 05 06]
percpu_entry 02 00 00 00 = [03 04 | - | ??]
percpu_entry 03 00 00 00 = []
)"};

inline constexpr Sample percpu_array_sample = {"percpu_array", R"(
struct bpf_array 256 elem_size=200 index_mask=204 value=216 pptrs=216
target map=0x10000 key_size=4 value_size=2 max_entries=4
cpu 0 offset=0x100000
cpu 3 offset=0x200000
@0x100d8 u64:0x40000 u64:0 u64:0x40008
@0x140000 01 02 zero:6 03 04
@0x240000 11 12
)",
                                               R"(percpu_element 0 = [01 02 | - | - | 11 12]
percpu_element 1 = []
percpu_element 2 = [03 04 | - | - | ??]
percpu_element 3 = [?? | - | - | ??]
)"};

inline constexpr Sample samples[] = {array_sample, hash_sample, percpu_hash_sample, percpu_array_sample};

} // namespace mapscope::test
