// SPDX-License-Identifier: Apache-2.0
// Chains of struct hlist_node (include/linux/list.h): NULL ends them.
#pragma once

#include "counted.hpp"
#include "memory.hpp"

namespace mapscope::builtin {

class Hlists {
public:
  /// All chains of a map together have no more than `most` nodes; `node` is where a node lies in its object.
  Hlists(Call& call, std::uint32_t node, std::uint64_t most)
      : call_(call), node_(node), next_(call.offset(call.kernel_type("struct hlist_node"), "next")),
        steps_left_(most + slack) {}

  /// visit(object) for each in the chain that begins with this node.
  template <class Visit> void chain(std::uint64_t node, Visit visit) {
    std::uint64_t milestone = 0; // the node at the last step whose number is a power of two (Brent)
    for (std::uint64_t step = 0; node != 0; ++step) {
      if (node == milestone) return void(++circles_);
      if ((step & (step - 1)) == 0) milestone = node;
      if (steps_left_ == 0) return void(gave_up_ = true);
      --steps_left_;
      const auto next = load<std::uint64_t>(call_, node + next_);
      if (!next) return void(++broken_);
      visit(node - node_);
      node = *next;
    }
  }

  void note_gaps() {
    if (broken_ != 0) call_.note(MSC_EFAULT, counted(broken_, "chain breaks|chains break", "off").c_str());
    if (circles_ != 0)
      call_.note(MSC_EFAULT, counted(circles_, "chain runs|chains run", "in a circle").c_str());
    if (gave_up_) call_.note(MSC_EFAULT, "more elements than the map may hold: the rest was given up");
  }

private:
  static constexpr std::uint64_t slack = 64; ///< a snapshot may catch elements twice while they move

  Call& call_;
  std::uint32_t node_, next_;
  std::uint64_t steps_left_, broken_ = 0, circles_ = 0;
  bool gave_up_ = false;
};

} // namespace mapscope::builtin
