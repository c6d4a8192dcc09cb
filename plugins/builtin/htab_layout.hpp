// SPDX-License-Identifier: Apache-2.0
// Where a hash map (struct bpf_htab, kernel/bpf/hashtab.c) has its buckets, and its elements their parts.
//
// Refuses: sizes and places that no hash has. Thread rule: belongs to one call.
#pragma once

#include <mapscope/plugin.hpp>

#include <algorithm>
#include <cstdint>
#include <span>

namespace mapscope::builtin {

struct HtabLayout {
  std::uint64_t buckets = 0;
  std::uint32_t bucket_count = 0, head = 0;
  std::uint32_t node = 0, next = 0;                          ///< from the start of struct htab_elem
  std::size_t bucket_size = 0, hash = 0, key = 0, value = 0; ///< the last three from hash_node.next

  /// hlist_nulls: an odd pointer ends a chain (include/linux/list_nulls.h); the kernel writes no 0.
  static bool is_end(std::uint64_t pointer) { return (pointer & 1) != 0 || pointer == 0; }
  template <class T> static T load(const std::byte* from) {
    T value;
    std::copy_n(from, sizeof value, reinterpret_cast<std::byte*>(&value));
    return value;
  }
  [[nodiscard]] std::uint64_t bucket_at(std::uint32_t bucket) const {
    return buckets + std::uint64_t{bucket} * bucket_size;
  }
  [[nodiscard]] std::uint64_t head_of(std::span<const std::byte> heads, std::uint32_t number) const {
    return load<std::uint64_t>(heads.data() + number * bucket_size + head);
  }
  /// An end that names its bucket.
  static bool is_empty(std::uint32_t bucket, std::uint64_t head) {
    return is_end(head) && head >> 1 == bucket && head != 0;
  }

  void find_buckets(Call& call) {
    const msc_type type = call.kernel_type("struct bucket.head"); // a generic name: the one with a head
    bucket_size = call.size(type);
    head = call.offset(type, "head.first");
    if (bucket_size > 4096 || head + sizeof(std::uint64_t) > bucket_size)
      call.fail("struct bucket is implausible");
  }

  /// Elements are read from hash_node.next on, in one piece to the end of the value.
  void find_elements(Call& call, bool padded) {
    const msc_type element = call.kernel_type("struct htab_elem");
    next = call.offset(element, "hash_node.next");
    node = call.offset(element, "hash_node");
    const std::uint32_t hash_at = call.offset(element, "hash"), key_at = call.offset(element, "key");
    if (next + sizeof(std::uint64_t) > key_at || hash_at < next || hash_at + sizeof(std::uint32_t) > key_at)
      call.fail("struct htab_elem is implausible");
    if (call.target.key_size > largest || call.target.value_size > largest)
      call.fail("keys or values of more than 16 MiB are no hash map's");
    hash = hash_at - next;
    key = key_at - next;
    const std::size_t key_size = call.target.key_size;
    value = key + (padded ? (key_size + 7) / 8 * 8 : key_size);
  }

private:
  /// The kernel allocates an element as one piece: KMALLOC_MAX_SIZE is 4 MiB with pages of 4 KiB.
  static constexpr std::size_t largest = 16 << 20;
};

} // namespace mapscope::builtin
