// SPDX-License-Identifier: Apache-2.0
// A piece of work in a process of its own that may crash, hang or end in it.
//
// Refuses: to hold back a plugin that means harm. Thread rule: from a process with one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace mapscope::plugin {

struct CheckAnswer {
  bool kept = false;
  std::string text;
  std::string what = {}; ///< found, without where; "" when the text has no where
  /// How the work came to its end: `gone` when its process did, by a crash or a call of exit().
  enum class End : std::uint8_t { answered, gone, hung } end = End::answered;
  bool is_warning = false; ///< kept, and yet to be looked at
};

/// What the work says it does next; the last of it is part of the answer when the process does not come back.
using CheckProgress = std::function<void(const std::string&)>;

struct CheckLimits {
  std::chrono::milliseconds time_per_rule{};
  std::uint64_t worker_memory = 0; ///< bytes, as budget.memory
};

/// The work's answer; or, not kept, how its process ended and what it was doing. Work that printed, or took
/// all the memory that a worker has, has not kept the contract either. Whatever the process started is ended
/// with it.
CheckAnswer in_own_process(const CheckLimits& limits,
                           const std::function<CheckAnswer(const CheckProgress&)>& work);

} // namespace mapscope::plugin
