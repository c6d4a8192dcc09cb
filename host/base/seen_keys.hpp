// SPDX-License-Identifier: Apache-2.0
// The keys that a map of a running machine has been shown with: an element that moves while it is read may be
// met twice.
//
// Refuses: to keep keys; a hash of 64 bits stands for each. Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope {

class SeenKeys {
public:
  /// False when it was there before.
  bool add(std::span<const std::byte> key) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    return place(std::hash<std::string_view>()({reinterpret_cast<const char*>(key.data()), key.size()}) | 1);
  }

private:
  /// 0 is an empty slot.
  bool place(std::uint64_t hash) {
    std::size_t at = (hash >> 1) & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
      if (slots_[at] == hash) return false;
    slots_[at] = hash;
    return ++count_, true;
  }
  void grow() {
    auto old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : 2 * old.size(), 0);
    count_ = 0;
    for (const std::uint64_t hash : old)
      if (hash != 0) (void)place(hash);
  }

  std::vector<std::uint64_t> slots_; ///< a power of two of them, at most half of them taken
  std::size_t count_ = 0;
};

} // namespace mapscope
