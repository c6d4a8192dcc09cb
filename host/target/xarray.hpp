// SPDX-License-Identifier: Apache-2.0
// Walks a struct xarray (lib/xarray.c), as IDRs use it: every object pointer with its index, ascending.
//
// Bounded: shift must shrink strictly on the way down, depth is at most 11, and a node is entered only from
// the slot it names as its own. A node that fails these is skipped and reported, and the walk goes on beside
// it.
#pragma once

#include "host/target/address_space.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace mapscope::target {

/// Offsets in bytes, from the target's BTF.
struct XarrayLayout {
  std::uint64_t head = 0;     ///< xarray.xa_head
  std::uint64_t shift = 0;    ///< xa_node.shift (u8)
  std::uint64_t offset = 0;   ///< xa_node.offset (u8)
  std::uint64_t parent = 0;   ///< xa_node.parent
  std::uint64_t slots = 0;    ///< xa_node.slots
  std::uint32_t fan_out = 64; ///< number of slots (16 with CONFIG_BASE_SMALL)
};

/// Calls `entry` for each object pointer; `gap` with one clause for each branch that could not be followed.
void walk_xarray(Reader& reader, const XarrayLayout& layout, std::uint64_t xarray,
                 const std::function<void(std::uint64_t index, std::uint64_t object)>& entry,
                 const std::function<void(std::string)>& gap);

} // namespace mapscope::target
