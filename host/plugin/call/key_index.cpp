// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/key_index.hpp"

#include <algorithm>
#include <cstring>

namespace mapscope::plugin {

namespace {

std::size_t size_of(const msc_value& value) { return value.data != nullptr ? value.size : 0; }

void keep(msc_value& value, std::byte*& to) {
  const std::size_t size = size_of(value);
  if (size == 0) return;
  value.data = std::memcpy(to, value.data, size);
  to += size;
}

} // namespace

int KeyIndex::element(const msc_row& row) {
  constexpr std::size_t overhead = 2 * sizeof(Kept);
  msc_element element = map_.element(row, scratch_);
  std::size_t size = size_of(element.key) + size_of(element.value);
  for (const msc_value& copy : scratch_.copies) size += size_of(copy);
  const std::size_t cost = size + overhead + scratch_.copies.size() * sizeof(msc_value);
  if (cost > room_) {
    is_full_ = true;
    return MSC_STOP;
  }
  room_ -= cost;
  Kept kept{std::make_unique<std::byte[]>(std::max<std::size_t>(size, 1)), {}, element};
  std::byte* to = kept.bytes.get();
  keep(kept.element.key, to), keep(kept.element.value, to);
  if (kept.element.copy_count != 0) kept.copies = scratch_.copies;
  for (msc_value& copy : kept.copies) keep(copy, to);
  kept.element.copies = kept.copies.empty() ? nullptr : kept.copies.data();
  const std::string_view key(static_cast<const char*>(kept.element.key.data), size_of(kept.element.key));
  elements_.emplace(key, std::move(kept)); // of two with one key the first
  return MSC_OK;
}

} // namespace mapscope::plugin
