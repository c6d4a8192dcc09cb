// SPDX-License-Identifier: Apache-2.0
// Lists of struct list_head (include/linux/list.h): a ring that begins and ends in its head.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

class List {
public:
  /// The list has no more than `most` nodes; `node` is where a node lies in its object.
  List(Call& call, std::uint32_t node, std::uint64_t most)
      : call_(call), node_(node), next_(call.offset(call.kernel_type("struct list_head"), "next")),
        most_(most) {}

  /// visit(object) for each. Fails when there is not even the head.
  template <class Visit> void for_each(std::uint64_t head, Visit visit) {
    auto node = call_.read<std::uint64_t>(MSC_KERNEL, head + next_);
    std::uint64_t milestone = 0; // the node at the last step whose number is a power of two (Brent)
    for (std::uint64_t step = 0; node != head; ++step) {
      if (node == milestone && step != 0) return gap("the list runs in a circle");
      if ((step & (step - 1)) == 0) milestone = node;
      if (step == most_) return gap("the list does not end: the rest was given up");
      const auto next = load<std::uint64_t>(call_, node + next_);
      if (!next) return gap("the list breaks off");
      visit(node - node_);
      node = *next;
    }
  }

  void note_gaps() {
    if (gap_ != nullptr) call_.note(MSC_EFAULT, gap_);
  }

private:
  void gap(const char* what) { gap_ = what; }

  Call& call_;
  std::uint32_t node_, next_;
  std::uint64_t most_;
  const char* gap_ = nullptr;
};

} // namespace mapscope::builtin
