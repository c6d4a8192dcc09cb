// SPDX-License-Identifier: Apache-2.0
// This kernel's memory as /proc/kcore has it: an ELF core that is read with pread(2) alone.
//
// Of its segments those of RAM count, by the physical addresses that it gives them; what lies in vmalloc or
// in a module is found through the kernel's page tables, as arenas are, which it reads as zeros by their own
// addresses (vread_iter()). Refuses: another file. Thread rule: windows are one thread's each.
#pragma once

#include "host/memory/live/live_source.hpp"

#include <string>

namespace mapscope::memory {

/// RAM, note and windows of `path`.
Result<LiveMachine> open_kcore(const std::string& path = "/proc/kcore");

} // namespace mapscope::memory
