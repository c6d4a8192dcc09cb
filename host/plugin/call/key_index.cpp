// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/key_index.hpp"

#include <algorithm>

namespace mapscope::plugin {

int KeyIndex::element(const msc_row& row) {
  constexpr std::size_t overhead = 2 * sizeof(Kept);
  msc_element element = map_.element(row, scratch_);
  const std::size_t size = WalkedMap::bytes_of(element, scratch_.copies);
  const std::size_t cost = size + overhead + scratch_.copies.size() * sizeof(msc_value);
  if (cost > room_) {
    is_full_ = true;
    return MSC_STOP;
  }
  room_ -= cost;
  Kept kept{std::make_unique<std::byte[]>(std::max<std::size_t>(size, 1)), {}, element};
  if (kept.element.copy_count != 0) kept.copies = scratch_.copies;
  WalkedMap::move_to(kept.bytes.get(), kept.element, kept.copies);
  kept.element.copies = kept.copies.empty() ? nullptr : kept.copies.data();
  const msc_value& bytes = kept.element.key;
  const std::string_view key(static_cast<const char*>(bytes.data), bytes.data != nullptr ? bytes.size : 0);
  elements_.emplace(key, std::move(kept)); // of two with one key the first
  return MSC_OK;
}

} // namespace mapscope::plugin
