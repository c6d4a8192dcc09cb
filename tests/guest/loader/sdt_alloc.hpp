// SPDX-License-Identifier: Apache-2.0
// The allocator of sched_ext schedulers' library, run by a process: the same tree in the same arena, slot by
// slot as BPF code of a scheduler would make it. Not thread-safe.
#pragma once

#include "../bpf/sdt_alloc.h"

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

/// Where a slot has what, by the release of the library; as it is here in tools/sched_ext/scx_sdt of the
/// kernel.
struct SlotLayout {
  std::size_t header = sizeof(sdt_id); ///< bytes beside the payload
  std::size_t id = 0;                  ///< where union sdt_id is in the header
  int link = -1;                       ///< where in the header the slot freed before is; below 0: nowhere
  bool is_behind = false;              ///< the payload; else it is before it
  std::size_t align = 8;               ///< slots are multiples of it
};

/// A slot is told by the address of its first byte, whatever that is.
class SdtAllocator {
public:
  SdtAllocator(scx_allocator& state, ArenaPages& pages, TreePools& pools, std::size_t payload_size,
               const SlotLayout& layout = {});

  sdt_data* allocate();
  void free(sdt_data* slot);
  /// Slots in use, in the order of the tree.
  void for_each(const std::function<void(sdt_data*)>& use) const;
  [[nodiscard]] sdt_id& id(sdt_data* slot) const;
  [[nodiscard]] void* payload(sdt_data* slot) const;
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
  std::byte* header(sdt_data* slot) const;

  scx_allocator& state_;
  ArenaPages& pages_;
  TreePools& pools_;
  SlotLayout layout_;
  sdt_data* last_freed_ = nullptr;
};

/// Slots in the order in which they were taken first: null where one was given back.
struct Churned {
  std::vector<sdt_data*> slots;
  sdt_data* dead = nullptr; ///< one that was given back
};

/// Takes `count` slots, gives every seventh back and takes some of those again, a few of them up to three
/// times.
Churned churn(SdtAllocator& allocator, unsigned count, const std::function<void(sdt_data*)>& fill);

/// One page of each at a time.
void set_pools(TreePools& pools);

} // namespace guest
