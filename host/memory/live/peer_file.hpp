// SPDX-License-Identifier: Apache-2.0
// The file that another process has mapped at an address, by what /proc tells of it.
//
// Refuses: mappings that are private, and files that it does not have open any more. Thread rule: plain
// function.
#pragma once

#include "host/memory/input_file.hpp"

#include <cstdint>

namespace mapscope::memory {

struct PeerFile {
  InputFile file;
  std::uint64_t offset = 0; ///< in it, of what is mapped at the address
};

/// Of process `pid`, which must be one that this user may look into.
Result<PeerFile> file_mapped_at(int pid, std::uint64_t address);

} // namespace mapscope::memory
