// SPDX-License-Identifier: Apache-2.0
// A chain of a hash map (htab.hpp) while its machine runs. An element that is replaced or evicted is taken
// out of its chain and filled anew at once, under the eyes of whoever is at it: what is shown has been looked
// at twice, links, keys and values.
//
// Refuses: chains that never hold still, after a few looks. What contradicts itself and does not change is
// damage, and somebody else's.
#pragma once

#include "digest.hpp"
#include "htab_layout.hpp"
#include "second_look.hpp"

#include <algorithm>
#include <functional>

namespace mapscope::builtin {

/// Reads what belongs to an element and lies elsewhere; it is given what is stored in the element.
using Annex = std::function<void(SecondLook& look, Bytes stored)>;

class RunningChain {
public:
  using Outcome = SecondLook::Outcome;

  /// `bytes`: of an element, from hash_node.next on.
  RunningChain(Call& call, const HtabLayout& layout, std::size_t bytes, const Annex& annex)
      : look_(call), layout_(layout), key_size_(call.target.key_size), bytes_(bytes), annex_(annex) {}

  Outcome read(std::uint32_t bucket, std::uint64_t head) {
    return look_.settle([&](bool is_first) {
      return collect(bucket, is_first ? std::optional(head) : std::nullopt, bytes_);
    });
  }
  /// One look at it as it was brought in: all of its bytes in one number. 0 where it does not end as a chain
  /// does. What for_each() visits is what was looked at.
  std::uint64_t digest(std::uint32_t bucket, std::uint64_t head) {
    look_.begin(false);
    return collect(bucket, head, bytes_) ? mapscope::builtin::digest(look_.bytes(0, look_.size())) : 0;
  }
  /// How many elements it has, by its links alone; nothing when these lead nowhere each time.
  /// Without a head, as it is now.
  std::optional<std::uint64_t> count(std::uint32_t bucket, std::optional<std::uint64_t> head) {
    for (unsigned i = 0; i < most_counts; ++i, has_changed_ = true, head.reset()) {
      look_.begin(!head);
      const bool is_whole = collect(bucket, head, sizeof(std::uint64_t));
      if (is_whole) return found_.size();
    }
    return std::nullopt;
  }
  /// Of any of those that were read.
  [[nodiscard]] bool has_changed() const { return has_changed_ || look_.has_changed(); }

  /// visit(key, stored, annex) for each that was read. A new element comes before the one that it replaces.
  template <class Visit> void for_each(Visit visit) const {
    for (std::size_t i = 0; i < found_.size(); ++i)
      if (!is_replaced(i))
        visit(key(i), look_.bytes(found_[i].at + layout_.value, bytes_ - layout_.value),
              look_.bytes(found_[i].annex, found_[i].annex_size));
  }

private:
  static constexpr unsigned most_counts = 6;
  /// Elements and bytes: one that has more is no chain of its own.
  static constexpr std::size_t longest = 1 << 12, largest = MSC_READ_MAX;

  struct Element {
    std::size_t at, annex, annex_size;
  };

  /// Without a head, all of it anew. False when it does not end as a chain does.
  bool collect(std::uint32_t bucket, std::optional<std::uint64_t> head, std::size_t size) {
    found_.clear();
    const std::uint64_t at = layout_.bucket_at(bucket) + layout_.head;
    if (head)
      look_.add(at, std::as_bytes(std::span(&*head, 1)));
    else if (!look_.read(MSC_KERNEL, at, sizeof(std::uint64_t), sizeof(std::uint64_t)))
      return false;
    std::uint64_t pointer = HtabLayout::load<std::uint64_t>(look_.bytes(0, sizeof(std::uint64_t)).data());
    while (!HtabLayout::is_end(pointer)) {
      if (found_.size() == longest || look_.size() > largest) return false;
      if (!add(bucket, pointer - layout_.node, size)) return false;
      pointer = HtabLayout::load<std::uint64_t>(look_.bytes(found_.back().at, sizeof(std::uint64_t)).data());
    }
    return pointer != 0 && pointer >> 1 == bucket; // the mark at the end names its bucket
  }

  bool add(std::uint32_t bucket, std::uint64_t element, std::size_t size) {
    const std::size_t value = annex_ ? size : std::min(size, layout_.value);
    const auto at = look_.read(MSC_KERNEL, element + layout_.next, size, value);
    if (!at) return false;
    found_.push_back({*at, look_.size(), 0});
    if (size != bytes_) return true;
    const auto hash =
        HtabLayout::load<std::uint32_t>(look_.bytes(*at + layout_.hash, sizeof(std::uint32_t)).data());
    if ((hash & (layout_.bucket_count - 1)) != bucket) return false;
    if (annex_) {
      const Bytes stored = look_.bytes(*at + layout_.value, bytes_ - layout_.value);
      stored_.assign(stored.begin(), stored.end());
      annex_(look_, stored_);
      found_.back().annex_size = look_.size() - found_.back().annex;
    }
    return true;
  }

  [[nodiscard]] Bytes key(std::size_t i) const { return look_.bytes(found_[i].at + layout_.key, key_size_); }
  [[nodiscard]] bool is_replaced(std::size_t i) const {
    for (std::size_t before = 0; before < i; ++before)
      if (std::ranges::equal(key(before), key(i))) return true;
    return false;
  }

  SecondLook look_;
  const HtabLayout& layout_;
  std::size_t key_size_, bytes_;
  const Annex& annex_;
  std::vector<Element> found_;
  std::vector<std::byte> stored_; ///< of the element whose annex is read
  bool has_changed_ = false;
};

} // namespace mapscope::builtin
