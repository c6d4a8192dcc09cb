// SPDX-License-Identifier: Apache-2.0
#include "host/report/slots.hpp"

#include <algorithm>
#include <tuple>

namespace mapscope::report {

SlotPool& SlotIndex::add(SlotPool pool) { return pools_.emplace_back(std::move(pool)); }

void SlotIndex::order() {
  entries_.clear();
  for (std::uint32_t pool = 0; pool < pools_.size(); ++pool)
    for (std::uint32_t i = 0; i < pools_[pool].slots.size(); ++i)
      entries_.push_back({pools_[pool].arena.map, pools_[pool].slots[i].address, pool, i});
  std::ranges::sort(entries_);
}

std::optional<SlotIndex::Found> SlotIndex::find(const catalog::Arena& arena, std::uint64_t pointer) const {
  const auto address = static_cast<std::uint32_t>(arena.kernel_address(pointer) - arena.kern_vm_start);
  const std::pair wanted(arena.map, address);
  const auto behind = std::ranges::upper_bound(
      entries_, wanted, {}, [](const Entry& entry) { return std::pair(entry.arena, entry.address); });
  if (behind == entries_.begin()) return std::nullopt;
  const Entry& entry = *std::prev(behind);
  const SlotPool& pool = pools_[entry.pool];
  if (entry.arena != arena.map || address - entry.address >= pool.stride) return std::nullopt;
  return Found{&pool, &pool.slots[entry.number], address - entry.address};
}

} // namespace mapscope::report
