// SPDX-License-Identifier: Apache-2.0
// Lists that are linked both ways (struct list_head, struct hlist_node) while their machine runs: hand over
// hand. Each step has been looked at twice, the link there and back and what was read of the node with it, so
// that both nodes were neighbours at one time. From a node that has left, the walk goes back to the last one
// that has not: whoever stayed all the time is met, whoever moved is met once.
//
// Bounded: by the nodes there may be, and by how often it is led astray.
#pragma once

#include "second_look.hpp"

#include <unordered_set>

namespace mapscope::builtin {

class RunningList {
public:
  enum class End : std::uint8_t {
    reached,
    moving, ///< led astray each time
    broken, ///< a node could not be read
    gave_up ///< more nodes than there may be
  };
  /// Offsets in a node. `points_at`: where in the node before it the link back leads.
  struct Links {
    std::uint32_t next, back, points_at;
  };

  explicit RunningList(SecondLook& look) : look_(look) {}

  /// From the link at `head` + links.next to `end`, which is the head of a ring, or 0. read(node) gives
  /// something, and nothing where the node is no longer of this list; show() takes it. At most `left` nodes.
  template <class Read, class Show> End for_each(std::uint64_t head, std::uint64_t end, const Links& links,
                                                 std::uint64_t& left, Read read, Show show) {
    head_ = head, end_ = end, links_ = links;
    path_ = {head};
    seen_.clear();
    astray_ = 0;
    decltype(read(head)) found;
    for (;;) {
      const auto outcome = look_.settle([&](bool) { return step(read, found); });
      const bool is_there = outcome == Outcome::whole || outcome == Outcome::other_values;
      if (is_there && node_ == end_) return End::reached;
      if (outcome == Outcome::damaged && is_missing_) return End::broken;
      if (!is_there && path_.size() > 1) path_.pop_back();
      const bool is_new = is_there && seen_.insert(node_).second;
      if (!is_new && ++astray_ > most_astray + 2 * seen_.size()) return End::moving;
      if (!is_there) continue;
      path_.push_back(node_);
      if (!is_new) continue;
      if (left == 0) return End::gave_up;
      --left;
      other_values_ += outcome == Outcome::other_values ? 1 : 0;
      show(std::move(*found));
    }
  }

  /// Nodes whose values have changed at each look.
  [[nodiscard]] std::uint64_t other_values() const { return other_values_; }

private:
  using Outcome = SecondLook::Outcome;
  static constexpr std::uint64_t most_astray = 64;

  /// From the node at the end of the path to the next. False where they are no neighbours.
  template <class Read, class Found> bool step(Read& read, Found& found) {
    found.reset();
    is_missing_ = false;
    const std::uint64_t here = path_.back();
    const auto next = look_.load<std::uint64_t>(here + links_.next);
    if (!next) return is_missing_ = true, false;
    node_ = *next;
    if (node_ == 0) return end_ == 0 && (here == head_ || is_linked(here));
    const auto back = look_.load<std::uint64_t>(node_ + links_.back);
    is_missing_ = !back;
    if (back != here + links_.points_at) return false;
    if (node_ == end_) return true;
    found = read(node_);
    return found.has_value();
  }
  /// A chain has no end that would lead back to its last node.
  bool is_linked(std::uint64_t node) {
    const auto back = look_.load<std::uint64_t>(node + links_.back);
    return back && look_.load<std::uint64_t>(*back - links_.points_at + links_.next) == node;
  }

  SecondLook& look_;
  std::uint64_t head_ = 0, end_ = 0;
  Links links_{};
  std::vector<std::uint64_t> path_; ///< nodes, each the neighbour of the one before when it was met
  std::unordered_set<std::uint64_t> seen_;
  std::uint64_t node_ = 0, astray_ = 0, other_values_ = 0;
  bool is_missing_ = false; ///< a link could not be read
};

} // namespace mapscope::builtin
