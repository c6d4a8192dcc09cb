// SPDX-License-Identifier: Apache-2.0
// What `info` says of a kdump-compressed dump.
//
// Thread rule: plain functions.
#pragma once

#include "host/memory/kdump_reader.hpp"
#include "host/memory/source.hpp"

namespace mapscope::memory {

struct KdumpFacts {
  std::span<const KdumpMember> members;
  const KdumpReader& reader;
  const FrameSet &memory, &listed;
  std::uint64_t page_size = 0;
  bool was_flattened = false;
  std::size_t files = 0; ///< that were given, with those that hold nothing
};

std::vector<Detail> kdump_details(const KdumpFacts& facts);

} // namespace mapscope::memory
