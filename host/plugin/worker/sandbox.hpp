// SPDX-License-Identifier: Apache-2.0
// What a process gives up before it runs a plugin: its user, its descriptors, memory and system calls.
//
// There is no way back, and no way to go on without: what cannot be given up is an error, and the plugin does
// not run. Reading the target's memory needs none of what is lost: it is mapped, or in files that stay open.
// Thread rule: for processes with one thread.
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <span>
#include <sys/types.h>

namespace mapscope::plugin {

struct Confinement {
  std::span<const int> descriptors; ///< that stay open beside 0, 1 and 2
  std::span<const int> readable;    ///< of these, what the target's memory is read from
  std::uint64_t memory = 0;         ///< bytes beyond what the process has
  std::uint64_t cpu_seconds = 0;
  pid_t parent = 0; ///< this process ends with it
};

/// User, limits, descriptors. The first of the three steps.
Result<void> confine(const Confinement& confinement);

/// System calls: what the dynamic loader needs. A call beyond that is a SIGSYS.
Result<void> allow_loading();
/// After that: memory, reading, writing to what is open, clocks, ending. Files that the target's memory is in
/// are read at a place that is named, which no other process that has them open notices.
Result<void> allow_rendering(std::span<const int> readable);

/// In place of both, where nothing of a plugin runs: memory, writing to what is open, ending. Files that are
/// looked for are not there.
Result<void> allow_parsing();

/// Its file is read here: a plugin that prints a date must not need it.
void keep_time_zone();
/// The process ends with `parent`; an error when that is gone already.
Result<void> end_with(pid_t parent);

} // namespace mapscope::plugin
