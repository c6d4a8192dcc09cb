// SPDX-License-Identifier: Apache-2.0
// The kernel's tables of ids (struct idr around a struct xarray, lib/xarray.c).
//
// Nodes lie at most as deep as an id has digits to the base of a node's slots; what contradicts that is left
// out and counted.
#pragma once

#include "memory.hpp"

#include <bit>

namespace mapscope::builtin {

class IdTable {
public:
  explicit IdTable(Call& call) : call_(call), node_(call.kernel_type("struct xa_node")) {
    slots_ = call.offset(node_, "slots");
    shift_ = call.offset(node_, "shift");
    fanout_ = call.size(call.type_of(node_, "slots")) / sizeof(std::uint64_t);
    if (!std::has_single_bit(fanout_) || fanout_ > 1024)
      call.fail("struct xa_node.slots of an implausible length");
  }

  /// visit(object) for each of the struct idr at `table`; returns how many nodes could not be read.
  template <class Visit> std::uint64_t for_each(std::uint64_t table, Visit visit) {
    const auto head =
        load<std::uint64_t>(call_, table + call_.offset(call_.kernel_type("struct idr"), "idr_rt.xa_head"));
    if (!head) return 1;
    lost_ = 0, nodes_left_ = most_nodes;
    entry(*head, 64, visit);
    return lost_;
  }

private:
  static constexpr std::uint64_t most_nodes = 1 << 20, first_pointer = 4096;

  /// `above`: the shift of the node that has it.
  template <class Visit> void entry(std::uint64_t entry, unsigned above, Visit& visit) {
    if (entry == 0 || (entry & 1) != 0) return;
    if ((entry & 3) == 0) return visit(entry);
    if (entry > first_pointer) node(entry - 2, above, visit);
  }
  template <class Visit> void node(std::uint64_t at, unsigned above, Visit& visit) {
    const auto shift = load<std::uint8_t>(call_, at + shift_);
    std::vector<std::byte> slots(fanout_ * sizeof(std::uint64_t));
    if (nodes_left_ == 0 || !shift || *shift >= above || !call_.try_read(MSC_KERNEL, at + slots_, slots))
      return void(++lost_);
    --nodes_left_;
    for (std::size_t i = 0; i < fanout_; ++i)
      entry(pointer_at(slots, i * sizeof(std::uint64_t)), *shift, visit);
  }

  Call& call_;
  msc_type node_;
  std::uint32_t slots_ = 0, shift_ = 0;
  std::size_t fanout_ = 0;
  std::uint64_t lost_ = 0, nodes_left_ = 0;
};

} // namespace mapscope::builtin
