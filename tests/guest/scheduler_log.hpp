// SPDX-License-Identifier: Apache-2.0
// Reading what the kernel itself says of a scheduler: its log, its dump (SysRq-D), its files in sysfs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mapscope::guest {

/// "BPF scheduler "NAME" disabled (REASON)", "NAME: MESSAGE" and the stack below it. Empty when there is
/// none.
struct Exit {
  std::string scheduler, reason, message;
  std::vector<std::string> backtrace; ///< functions
};
Exit exit_in(const std::string& log);

/// The number in "triggered exit kind NUMBER", or -1.
std::int64_t kind_in(const std::string& dump);

/// A task that a CPU's part of the dump lists as runnable.
struct Waiter {
  std::int64_t pid = 0, milliseconds = 0;
  unsigned cpu = 0;
  std::string comm;
  std::string dsq; ///< decimal; empty when it is on none
};
/// In the order of the dump; tasks that run are left out.
std::vector<Waiter> waiters_in(const std::string& dump);

/// root/events: names and counts.
std::map<std::string, std::int64_t> events_in(const std::string& text);

} // namespace mapscope::guest
