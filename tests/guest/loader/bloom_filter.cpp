// SPDX-License-Identifier: Apache-2.0
// Bloom filters. With BPF_F_ZERO_SEED their bits are known: the kernel's hash is computed here a second time.
#include "guest.hpp"

#include "expect.hpp"

#include <bit>
#include <bpf/bpf.h>
#include <set>

namespace guest {

namespace {

using u32 = std::uint32_t;

constexpr u32 functions_by_default = 5;

int create_filter(const char* name, u32 value_size, u32 entries, u32 functions, u32 flags = 0) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags, .map_extra = functions);
  return must(bpf_map_create(BPF_MAP_TYPE_BLOOM_FILTER, name, 0, value_size, entries, &options), name);
}

/// bloom_map_alloc(): 7/5 bits for each function and entry, rounded up to a power of two.
u32 bits_of(u32 entries, u32 functions) {
  const u32 bits = entries * functions / 5 * 7;
  return bits <= 64 ? 64 : std::bit_ceil(bits);
}

/// jhash2() of eight bytes (include/linux/jhash.h).
u32 hash(std::uint64_t value, u32 seed) {
  u32 a = 0xdeadbeef + 8 + seed, b = a, c = a;
  a += static_cast<u32>(value), b += static_cast<u32>(value >> 32);
  const auto mix = [](u32& to, u32 from, int turn) { to = (to ^ from) - std::rotl(from, turn); };
  mix(c, b, 14), mix(a, c, 11), mix(b, a, 25), mix(c, b, 16), mix(a, c, 4), mix(b, a, 14), mix(c, b, 24);
  return c;
}

void expect_sizes(int fd, u32 entries, u32 functions) {
  expect(fd, "{\"bloom_filter\":{\"nr_bits\":" + std::to_string(bits_of(entries, functions)) +
                 ",\"nr_hash_funcs\":" + std::to_string(functions) + "}}");
}

void expect_content(int fd, const std::string& members) {
  expect(fd, "{\"bloom_filter\":{" + members + "}}");
}

/// Pushes 1, 2, ... and counts the bits that they must set.
void create_known(const char* name, u32 entries, u32 functions, unsigned values) {
  const int fd = create_filter(name, 8, entries, functions, BPF_F_ZERO_SEED);
  std::set<u32> bits;
  for (std::uint64_t value = 1; value <= values; ++value) {
    put(fd, nullptr, &value);
    for (u32 seed = 0; seed < functions; ++seed)
      bits.insert(hash(value, seed) & (bits_of(entries, functions) - 1));
  }
  expect_sizes(fd, entries, functions);
  expect_content(fd, "\"bits_set\":" + std::to_string(bits.size()));
}

} // namespace

void create_bloom_filters(std::vector<std::string>& unknown_types) {
  if (!has_map_type(BPF_MAP_TYPE_BLOOM_FILTER)) return unknown_types.emplace_back("bloom_filter"), void();
  const int some = create_filter("a_bloom", 8, 100, 0), empty = create_filter("bloom_empty", 20, 1000, 7),
            full = create_filter("bloom_full", 8, 1, 1), odd_size = create_filter("bloom_odd", 5, 50, 15);
  for (std::uint64_t value = 1; value < 4; ++value)
    put(some, nullptr, &value), put(odd_size, nullptr, &value);
  for (std::uint64_t value = 0; value < 5000; ++value) put(full, nullptr, &value);
  expect_sizes(some, 100, functions_by_default), expect_sizes(empty, 1000, 7), expect_sizes(odd_size, 50, 15);
  expect_content(some, "\"estimated_entries\":3");
  expect_content(odd_size, "\"estimated_entries\":3");
  expect_content(empty, "\"bits_set\":0,\"estimated_entries\":0,\"false_positive_rate\":0.0");
  expect_sizes(full, 1, 1);
  expect_content(full, "\"bits_set\":64,\"estimated_entries\":null,\"false_positive_rate\":1.0");
  create_known("bloom_known", 100, 3, 80);
  create_known("bloom_2000", 2000, 5, 2000); // as many as it is made for: bloom_filter_test.cpp knows
}

} // namespace guest
