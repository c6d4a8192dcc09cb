// SPDX-License-Identifier: Apache-2.0
// Which limits cut values short.
//
// Thread rule: plain values.
#pragma once

#include <algorithm>
#include <cstdint>

namespace mapscope::btf {

/// What was left out of values that have been decoded. What was left out and is known to be zero is no loss:
/// it is told in its place, in every format.
struct Cuts {
  std::uint64_t longest = 0; ///< elements of the longest array of which Limits::elements are shown; 0 = none
  std::uint64_t nodes_of_list = 0; ///< the same of a list or tree that the kernel keeps for a program
  bool depth = false;              ///< something lies deeper than Limits::depth
  bool nodes = false;              ///< there are more values than Limits::nodes

  [[nodiscard]] bool any() const { return longest != 0 || nodes_of_list != 0 || depth || nodes; }
  void add(const Cuts& more) {
    longest = std::max(longest, more.longest);
    nodes_of_list = std::max(nodes_of_list, more.nodes_of_list);
    depth = depth || more.depth;
    nodes = nodes || more.nodes;
  }
};

} // namespace mapscope::btf
