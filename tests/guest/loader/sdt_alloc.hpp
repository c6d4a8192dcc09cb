// SPDX-License-Identifier: Apache-2.0
// The allocator of scx_sdt, run by a process: the same tree in the same arena, slot by slot as BPF code of a
// scheduler would make it. Not thread-safe.
#pragma once

#include "../bpf/allocators.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace guest {

/// The pages of an arena, given out in order and never taken back. Addresses in it are the process's own.
class ArenaPages {
public:
  ArenaPages(void* memory, std::size_t pages) : memory_(static_cast<std::byte*>(memory)), left_(pages) {}
  /// Gives up when there are not as many.
  void* take(std::size_t bytes);

private:
  std::byte* memory_;
  std::size_t left_;
};

/// What descriptors and chunks of all allocators come from.
struct TreePools {
  sdt_pool descs, chunks;
};

class SdtAllocator {
public:
  SdtAllocator(scx_allocator& state, ArenaPages& pages, TreePools& pools, std::size_t payload_size);

  sdt_data* allocate();
  void free(sdt_data* slot);
  /// Slots in use, in the order of the tree.
  void for_each(const std::function<void(const sdt_data&)>& use) const;
  [[nodiscard]] std::size_t elem_size() const { return state_.pool.elem_size; }

private:
  /// From the root down to the leaf; places_[i] is the child of nodes_[i].
  struct Path {
    sdt_desc* nodes[SDT_LEVELS];
    unsigned places[SDT_LEVELS];
  };

  sdt_desc* new_desc();
  Path path_to_empty();
  Path path_to(unsigned index) const;
  static void mark_used(const Path& path);
  static void mark_free(const Path& path);

  scx_allocator& state_;
  ArenaPages& pages_;
  TreePools& pools_;
};

void set_pool(sdt_pool& pool, std::size_t elem_size, std::size_t pages);

} // namespace guest
