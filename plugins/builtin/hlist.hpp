// SPDX-License-Identifier: Apache-2.0
// Chains of struct hlist_node (include/linux/list.h): NULL ends them. While their machine runs:
// running_list.hpp.
#pragma once

#include "counted.hpp"
#include "running_list.hpp"

namespace mapscope::builtin {

class Hlists {
public:
  /// All chains of a map together have no more than `most` nodes; `node` is where a node lies in its object.
  Hlists(Call& call, std::uint32_t node, std::uint64_t most)
      : call_(call), look_(call), node_(node),
        next_(call.offset(call.kernel_type("struct hlist_node"), "next")), steps_left_(most + slack) {}

  /// Of the chain whose first link, `node`, lies at `head`: show(what read(look, object) found of each), of
  /// a machine that runs while it was in the chain. Nothing where it is not of this map any more.
  template <class Read, class Show> void chain(std::uint64_t head, std::uint64_t node, Read read, Show show) {
    if (look_.is_running()) return running_chain(head, node, read, show);
    std::uint64_t milestone = 0; // the node at the last step whose number is a power of two (Brent)
    for (std::uint64_t step = 0; node != 0; ++step) {
      if (node == milestone) return void(++circles_);
      if ((step & (step - 1)) == 0) milestone = node;
      if (steps_left_ == 0) return void(gave_up_ = true);
      --steps_left_;
      const auto next = load<std::uint64_t>(call_, node + next_);
      if (!next) return void(++broken_);
      if (auto found = read(look_, node - node_)) show(std::move(*found));
      node = *next;
    }
  }

  void note_gaps() {
    say(broken_, "chain breaks|chains break", "off");
    say(circles_, "chain runs|chains run", "in a circle");
    say(moving_, "chain has|chains have",
        "changed each time while the map was read: some of its elements may be missing");
    if (other_values_ != 0 && call_.target.value_size > sizeof(std::uint64_t)) // else read as one
      call_.note(MSC_OK, counted(other_values_, "element has|elements have", of_two_times).c_str());
    if (gave_up_) call_.note(MSC_EFAULT, "more elements than the map may hold: the rest was given up");
  }

private:
  static constexpr std::uint64_t slack = 64; ///< a snapshot may catch elements twice while they move

  /// A chain that was empty is not looked at again: it was so at that time.
  template <class Read, class Show>
  void running_chain(std::uint64_t head, std::uint64_t node, Read& read, Show& show) {
    if (node == 0) return;
    if (!back_) back_ = call_.offset(call_.kernel_type("struct hlist_node"), "pprev");
    RunningList list(look_);
    const auto end = list.for_each(
        head - next_, 0, {next_, *back_, next_}, steps_left_,
        [&](std::uint64_t found) { return read(look_, found - node_); }, show);
    broken_ += end == RunningList::End::broken ? 1 : 0;
    moving_ += end == RunningList::End::moving ? 1 : 0;
    gave_up_ |= end == RunningList::End::gave_up;
    other_values_ += list.other_values();
  }

  void say(std::uint64_t count, const char* forms, const char* rest) {
    if (count != 0) call_.note(MSC_EFAULT, counted(count, forms, rest).c_str());
  }

  Call& call_;
  SecondLook look_;
  std::uint32_t node_, next_;
  std::optional<std::uint32_t> back_; ///< pprev, asked for when a machine runs
  std::uint64_t steps_left_, broken_ = 0, circles_ = 0, moving_ = 0, other_values_ = 0;
  bool gave_up_ = false;
};

} // namespace mapscope::builtin
