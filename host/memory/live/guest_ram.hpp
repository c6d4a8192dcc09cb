// SPDX-License-Identifier: Apache-2.0
// A guest's RAM as it lies in files that QEMU shares with others: which, and where in physical memory.
//
// What the monitor says is hostile: names, sizes and places are checked, and a file is only taken that QEMU
// itself has mapped there. Refuses: RAM of which a part is not shared. Thread rule: GuestRam is immutable.
#pragma once

#include "host/memory/input_file.hpp"
#include "host/memory/live/monitor.hpp"

#include <memory>
#include <vector>

namespace mapscope::memory {

struct GuestRam {
  struct Part {
    std::uint64_t address = 0, size = 0;
    std::uint64_t offset = 0; ///< in the file
    std::shared_ptr<const InputFile> file;
  };
  std::vector<Part> parts; ///< in the order of their addresses, not overlapping; the files hold all of them
};

/// Errors say why it cannot be read in place; of code `unsupported` where it is not shared.
Result<GuestRam> find_guest_ram(Monitor& monitor);

} // namespace mapscope::memory
