// SPDX-License-Identifier: Apache-2.0
// Where the bytes of a file that does not say so lie in physical memory.
//
// Refuses: ranges that overlap, wrap, or stand behind one that has no end. Thread rule: plain functions.
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::memory {

/// Physical addresses that the next bytes of the file stand for.
struct Run {
  static constexpr std::uint64_t rest = ~0ULL; ///< as a size: all that the file still has
  std::uint64_t address = 0, size = rest;
  bool operator==(const Run&) const = default;
};
using Layout = std::vector<Run>; ///< in the order of the file

/// "0-0xbfffffff,0x100000000-": first and last address of each, in the order of the file. Errors are of code
/// usage.
Result<Layout> parse_layout(std::string_view text);

/// The same the other way round, for a file of `file_size` bytes.
std::string layout_text(const Layout& layout, std::uint64_t file_size);

/// Addresses between the runs, and before the first, as "0xc0000000-0xffffffff, ..."; "" when there are none.
std::string holes_text(Layout layout, std::uint64_t file_size);

/// The same runs, each with its size; what does not fit into the file any more stays as it is.
Layout with_sizes(Layout layout, std::uint64_t file_size);

} // namespace mapscope::memory
