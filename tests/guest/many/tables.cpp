// SPDX-License-Identifier: Apache-2.0
// Types whose elements are bytes that anybody may write.
#include "populations.hpp"

#include "../bpf/known.h"

#include <cstring>
#include <linux/bpf.h>
#include <sys/mman.h>

namespace guest {

namespace {

constexpr u32 many = 30'000;
constexpr auto type_arena = static_cast<bpf_map_type>(33), type_insn_array = static_cast<bpf_map_type>(34),
               type_rhash = static_cast<bpf_map_type>(35); // younger than the oldest headers this builds with

bpf_map_create_opts flags(u32 map_flags, u64 map_extra = 0) {
  bpf_map_create_opts options{};
  options.map_flags = map_flags, options.map_extra = map_extra;
  return options;
}

void populate_random(int fd, Random& random) {
  fill_random(fd, many, random);
  populated_as_listed(fd);
}

void populate_hashes_and_arrays(Random& random) {
  populate_random(create(BPF_MAP_TYPE_HASH, "many_hash", 8, 48, many), random);
  populate_random(create(BPF_MAP_TYPE_HASH, "many_nopre", 8, 48, many, flags(BPF_F_NO_PREALLOC)), random);
  populate_random(create(BPF_MAP_TYPE_LRU_HASH, "many_lru", 8, 48, many), random);
  populate_random(create(BPF_MAP_TYPE_PERCPU_HASH, "many_percpu", 8, 16, many), random);
  populate_random(create(BPF_MAP_TYPE_LRU_PERCPU_HASH, "many_lru_percpu", 8, 16, many), random);
  populate_random(create(type_rhash, "many_rhash", 8, 48, many, flags(BPF_F_NO_PREALLOC)), random);
  populate_random(create(BPF_MAP_TYPE_ARRAY, "many_array", 4, 48, many), random);
  populate_random(create(BPF_MAP_TYPE_PERCPU_ARRAY, "many_percpu_arr", 4, 16, many), random);
}

/// Half of the slots of a fixed million are read to find nothing in them.
void populate_empty_array() {
  constexpr u32 million = 1'000'000;
  populated(create(BPF_MAP_TYPE_ARRAY, "zero_array", 4, 8, million), million);
  populated(create(BPF_MAP_TYPE_PROG_ARRAY, "empty_prog_arr", 4, 4, million), 0);
}

void populate_trie(Random& random) {
  const int fd = create(BPF_MAP_TYPE_LPM_TRIE, "many_trie", 8, 8, many, flags(BPF_F_NO_PREALLOC));
  for (u32 i = 0; i < many; ++i) {
    const u64 value = random.next();
    const u32 key[2] = {8 + static_cast<u32>(value >> 40) % 25, static_cast<u32>(value)};
    put(fd, key, &value);
  }
  populated_as_listed(fd);
}

/// Around the end of its ring.
void populate_queue(bpf_map_type type, const char* name) {
  const int fd = create(type, name, 0, 16, many);
  u64 value[2] = {0, 0};
  for (; value[0] < many; ++value[0]) put(fd, nullptr, value);
  for (u32 i = 0; i < 1000; ++i) must(bpf_map_lookup_and_delete_elem(fd, nullptr, value), "pop");
  for (u32 i = 0; i < 1000; ++i) put(fd, nullptr, value);
  populated(fd, many);
}

void populate_bloom_filter() {
  constexpr u32 entries = 1'000'000;
  const int fd = create(BPF_MAP_TYPE_BLOOM_FILTER, "many_bloom", 0, 8, entries, flags(0, 5));
  for (u64 value = 0; value < many; ++value) put(fd, nullptr, &value);
  constexpr u64 bits = 8'388'608; // bloom_map_alloc(): 7/5 bits for each function and entry, to a power of 2
  populated(fd, bits);
}

void populate_insn_array() {
  const int fd = create(type_insn_array, "many_insns", 4, 16, many);
  for (u32 i = 0; i < many; ++i) {
    const u32 value[4] = {i, 0, 0, 0};
    put(fd, &i, value);
  }
  populated(fd, many);
}

} // namespace

void populate_tables() {
  Random random;
  populate_hashes_and_arrays(random);
  populate_empty_array();
  populate_trie(random);
  populate_queue(BPF_MAP_TYPE_QUEUE, "many_queue");
  populate_queue(BPF_MAP_TYPE_STACK, "many_stack");
  populate_bloom_filter();
  populate_insn_array();
}

void populate_arenas() {
  const u64 declared = (1ULL << 32) / page_size; // as many as there may be
  u64 start = 0x100000000000;
  for (const u64 pages : {u64{0}, u64{10}, u64{1000}, u64{20'000}}) {
    const int fd = create(type_arena, ("arena_" + std::to_string(pages)).c_str(), 0, 0, declared,
                          flags(BPF_F_MMAPABLE, start));
    void* const wanted = reinterpret_cast<void*>(start); // NOLINT(performance-no-int-to-ptr)
    if (mmap(wanted, declared * page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != wanted)
      give_up("mmap of an arena");
    for (u64 i = 0; i < pages; ++i) // far apart
      static_cast<volatile char*>(wanted)[declared / pages * i * page_size] = 1;
    populated(fd, pages);
    start += 0x100000000000;
  }
}

} // namespace guest
