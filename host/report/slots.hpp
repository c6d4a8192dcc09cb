// SPDX-License-Identifier: Apache-2.0
// The slots that allocators hand out of an arena, in the order the allocators list them and by address: what
// a pointer into an arena leads to, whatever its own type says.
//
// Refuses: to guess between slots that overlap; the one that begins nearest before the address is meant.
// Thread rule: filled by one thread, and immutable after order().
#pragma once

#include "host/catalog/arenas.hpp"
#include "host/catalog/catalog.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::report {

struct Slot {
  std::uint32_t address = 0; ///< lower half of the pointer to its header
  std::int32_t idx = 0, genn = 0;
  bool live = false;
};

/// What one allocator hands out.
struct SlotPool {
  std::string allocator;
  catalog::Arena arena;
  std::uint64_t stride = 0;      ///< bytes, header included; 0 = the allocator did not say
  std::uint32_t header = 0;      ///< bytes before the payload
  catalog::TypeRef payload = {}; ///< no object: not known
  std::string reason;            ///< why not
  std::vector<Slot> slots;       ///< as the allocator lists them
};

class SlotIndex {
public:
  struct Found {
    const SlotPool* pool = nullptr;
    const Slot* slot = nullptr;
    std::uint64_t offset = 0; ///< bytes into it
  };

  /// Pools stay where they are.
  SlotPool& add(SlotPool pool);
  /// Behind the last add().
  void order();
  [[nodiscard]] const std::deque<SlotPool>& pools() const { return pools_; }
  [[nodiscard]] std::optional<Found> find(const catalog::Arena& arena, std::uint64_t pointer) const;

private:
  struct Entry {
    std::uint32_t arena, address; ///< id of the arena's map
    std::uint32_t pool, number;
    auto operator<=>(const Entry&) const = default;
  };
  std::deque<SlotPool> pools_;
  std::vector<Entry> entries_; ///< sorted
};

} // namespace mapscope::report
