// SPDX-License-Identifier: Apache-2.0
// A worker process: one plugin, one target at a time, until the host closes the other end.
//
// The process is a copy of the host taken when everything was open, so types, symbols and memory are there
// without another look, and what the host points to lies at the same address. Thread rule: the process has
// one thread.
#pragma once

#include "host/plugin/call/left_out.hpp"
#include "host/plugin/call/limits.hpp"

#include <span>
#include <sys/types.h>
#include <type_traits>

namespace mapscope::plugin {

struct AllocatorCall;
struct Choice;
struct Environment;
struct Plugin;

/// What the host asks for, as bytes; all but the limits were made before the worker was.
struct WorkerRequest {
  const catalog::Map* map = nullptr;
  const Choice* choices = nullptr; ///< the first renders
  std::size_t choice_count = 0;
  AllocatorCall* allocator = nullptr; ///< null: a map is rendered
  Limits limits;
  LeftOut left_out;
  unsigned moment = 0; ///< of a source that goes on running
};
static_assert(std::is_trivially_copyable_v<WorkerRequest>);

struct WorkerStart {
  const Environment* environment = nullptr;
  const Plugin* plugin = nullptr;
  std::span<const Plugin* const> others; ///< that may have to find its elements
  int fd = -1;                           ///< requests come in, frames go out
  pid_t parent = 0;                      ///< ends with it
  std::uint64_t cpu_seconds = 0;
};

/// Confines the process, loads the plugin, renders what is asked for.
[[noreturn]] void run_worker(const WorkerStart& start);

} // namespace mapscope::plugin
