// SPDX-License-Identifier: Apache-2.0
// What became of the tasks of a sched_ext scheduler between two reports of one boot: who moved to another
// queue, and who could have run all the while and did not.
//
// Refuses: to compare two boots, whose pids are of other tasks, and to call a task stalled whose wait began
// anew in between. Thread rule: pure.
#pragma once

#include "host/plain/object.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plain {

struct TaskDifference {
  std::uint32_t pid = 0;
  std::string comm;
  std::string from, to;                              ///< queues: "user DSQ 2", "no queue"
  std::uint64_t waited_before = 0, waited_after = 0; ///< ms
};

struct SchedulerDifference {
  std::uint64_t elapsed_ms = 0; ///< between the two; 0: nothing can be told
  std::vector<TaskDifference> moved{}, stalled{};
  [[nodiscard]] bool is_none() const { return moved.empty() && stalled.empty(); }
};

/// Of what the sched_ext plugin says of the kernel, or any that lists its tasks so.
SchedulerDifference scheduler_difference(std::string_view before, std::string_view after);

} // namespace mapscope::plain
