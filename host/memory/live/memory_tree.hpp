// SPDX-License-Identifier: Apache-2.0
// Where QEMU's memory regions lie in a guest's physical memory, by what "info mtree -f" prints.
//
// The text is hostile: lines that are none of ranges are passed over, and ranges that wrap, end before they
// begin, or are more than any machine has, are an error. Thread rule: plain functions.
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::memory {

struct TreeRange {
  std::uint64_t address = 0, size = 0; ///< size is not 0, and the end does not wrap
  std::string_view region;             ///< its name, of the text that was read
  std::uint64_t offset = 0;            ///< in the region; its end does not wrap
};

/// RAM of the address space "memory", writable or not, in the order of the text, which must outlive it.
Result<std::vector<TreeRange>> ram_in_tree(std::string_view text);

} // namespace mapscope::memory
