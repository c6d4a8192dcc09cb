// SPDX-License-Identifier: Apache-2.0
// Lists of struct list_head (include/linux/list.h): a ring that begins and ends in its head. While its
// machine runs: running_list.hpp.
#pragma once

#include "running_list.hpp"

namespace mapscope::builtin {

class List {
public:
  /// The list has no more than `most` nodes; `node` is where a node lies in its object.
  List(Call& call, std::uint32_t node, std::uint64_t most)
      : call_(call), look_(call), node_(node),
        next_(call.offset(call.kernel_type("struct list_head"), "next")), most_(most) {}

  /// visit(object) for each. Fails when there is not even the head.
  template <class Visit> void for_each(std::uint64_t head, Visit visit) {
    for_each(head, [](SecondLook&, std::uint64_t object) { return std::optional(object); }, visit);
  }
  /// show(what read(look, object) found of it): of a machine that runs, while it was in the list. Nothing
  /// where it is not of this list any more.
  template <class Read, class Show> void for_each(std::uint64_t head, Read read, Show show) {
    if (look_.is_running()) return running(head, read, show);
    auto node = call_.read<std::uint64_t>(MSC_KERNEL, head + next_);
    std::uint64_t milestone = 0; // the node at the last step whose number is a power of two (Brent)
    for (std::uint64_t step = 0; node != head; ++step) {
      if (node == milestone && step != 0) return gap("the list runs in a circle");
      if ((step & (step - 1)) == 0) milestone = node;
      if (step == most_) return gap(endless);
      const auto next = load<std::uint64_t>(call_, node + next_);
      if (!next) return gap(broken);
      if (auto found = read(look_, node - node_)) show(std::move(*found));
      node = *next;
    }
  }

  void note_gaps() {
    if (gap_ != nullptr) call_.note(MSC_EFAULT, gap_);
  }

private:
  static constexpr const char* endless = "the list does not end: the rest was given up";
  static constexpr const char* broken = "the list breaks off";

  template <class Read, class Show> void running(std::uint64_t head, Read& read, Show& show) {
    if (!load<std::uint64_t>(call_, head + next_)) throw Stop{MSC_EFAULT};
    const std::uint32_t prev = call_.offset(call_.kernel_type("struct list_head"), "prev");
    std::uint64_t left = most_;
    const auto end = RunningList(look_).for_each(
        head, head, {next_, prev, 0}, left, [&](std::uint64_t node) { return read(look_, node - node_); },
        show);
    if (end == RunningList::End::moving)
      gap("the list changed each time while it was read: some of it may be missing");
    else if (end != RunningList::End::reached)
      gap(end == RunningList::End::broken ? broken : endless);
  }
  void gap(const char* what) { gap_ = what; }

  Call& call_;
  SecondLook look_;
  std::uint32_t node_, next_;
  std::uint64_t most_;
  const char* gap_ = nullptr;
};

} // namespace mapscope::builtin
