// SPDX-License-Identifier: Apache-2.0
// A core file of a kernel of a few pages under a sched_ext scheduler: an arena, two allocators of one type in
// .bss (and a third that was never initialised), and a hash map whose values point to slots of the first.
//
// Thread rule: pure.
#pragma once

#include <cstdint>
#include <string>

namespace mapscope::test {

/// What a release of the schedulers' library makes of a slot: where it has its number and generation.
struct SlotLayout {
  std::uint64_t header = 8;     ///< bytes beside the payload
  bool is_behind = false;       ///< the payload; else it is before it
  std::uint64_t id = 0;         ///< where in the header
  bool is_declared_only = true; ///< struct sdt_data; else BTF has it
  bool has_older_names = false; ///< struct sdt_allocator, and gen for genn
};

struct Scheduler {
  std::uint64_t tasks = 3;   ///< live slots of scx_task_allocator; idx counts from 0, pid is 1000 + idx
  std::uint64_t entries = 3; ///< of the map scx_task_map: key i points to slot i
  std::int64_t stale = -1;   ///< the entry that points to a slot that is free
  std::int64_t astray = -1;  ///< the entry that points between slots, where no slot is
  bool knows_payload = true; ///< the program's types say what a task's slot holds
  SlotLayout layout = {};
  /// The third allocator is of CPU masks, two of them, CPU 1 being in the second; 1: struct scx_bitmap begins
  /// with an id. It is declared for more CPUs than there are.
  int bitmap_ids = -1;
  bool loses_uses = false; ///< which maps the program uses is lost; another one uses the arena
};

/// The whole file.
std::string scheduler_core(const Scheduler& scheduler);

} // namespace mapscope::test
