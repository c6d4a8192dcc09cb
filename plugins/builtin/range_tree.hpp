// SPDX-License-Identifier: Apache-2.0
// Ranges of numbers in a tree: struct range_tree, kernel/bpf/range_tree.c (6.13).
//
// Refuses: to say anything of a tree that is torn, too large to be worth it, or no tree.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

struct NumberRange {
  std::uint32_t first, last; ///< inclusive
};

class RangeTree {
public:
  /// Reads no more than `most` nodes.
  RangeTree(Call& call, std::size_t most) : call_(call), most_(most) {
    const auto node = call.find_type(MSC_KERNEL_BTF, "struct range_node"),
               links = call.find_type(MSC_KERNEL_BTF, "struct rb_node");
    if (!node || !links) return;
    const auto link = call.offset_if(*node, "rn_rbnode"), left = call.offset_if(*links, "rb_left"),
               right = call.offset_if(*links, "rb_right"), first = call.offset_if(*node, "rn_start"),
               last = call.offset_if(*node, "rn_last");
    if (!link || !left || !right || !first || !last) return;
    node_ = *link, left_ = *link + *left, right_ = *link + *right, first_ = *first, last_ = *last;
    size_ = call.size(*node);
  }

  /// In order and apart from each other.
  [[nodiscard]] std::optional<std::vector<NumberRange>> read(std::uint64_t root_pointer) {
    if (size_ == 0 || size_ > most_bytes) return std::nullopt;
    const auto root = load<std::uint64_t>(call_, root_pointer);
    if (!root) return std::nullopt;
    std::vector<std::uint64_t> ahead;
    if (*root != 0) ahead.push_back(*root);
    std::vector<NumberRange> ranges;
    while (!ahead.empty()) {
      const std::uint64_t link = ahead.back();
      ahead.pop_back();
      if (ranges.size() == most_ || !add(link - node_, ahead, ranges)) return std::nullopt;
    }
    std::ranges::sort(ranges, {}, &NumberRange::first);
    return are_apart(ranges) ? std::optional(std::move(ranges)) : std::nullopt;
  }

private:
  static constexpr std::size_t most_bytes = 256; ///< of a node

  bool add(std::uint64_t address, std::vector<std::uint64_t>& ahead, std::vector<NumberRange>& ranges) {
    std::array<std::byte, most_bytes> buffer{};
    const auto node = std::span(buffer).first(size_);
    if (!call_.try_read(MSC_KERNEL, address, node)) return false;
    for (const std::uint32_t side : {left_, right_})
      if (const std::uint64_t link = pointer_at(node, side); link != 0) ahead.push_back(link);
    const auto first = static_cast<std::uint32_t>(pointer_at(node, first_)),
               last = static_cast<std::uint32_t>(pointer_at(node, last_));
    ranges.push_back({first, last});
    return first <= last;
  }

  static bool are_apart(const std::vector<NumberRange>& ranges) {
    return std::ranges::adjacent_find(ranges, [](const auto& one, const auto& next) {
             return one.last >= next.first;
           }) == ranges.end();
  }

  Call& call_;
  std::size_t most_;
  std::size_t size_ = 0; ///< of a node; 0 when this kernel's are not known
  std::uint32_t node_ = 0, left_ = 0, right_ = 0, first_ = 0, last_ = 0;
};

} // namespace mapscope::builtin
