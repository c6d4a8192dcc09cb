// SPDX-License-Identifier: Apache-2.0
// A piece of work in a process of its own that may crash, hang or end in it.
//
// Refuses: to hold back a plugin that means harm. Thread rule: from a process with one thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace mapscope::plugin {

struct CheckAnswer {
  bool kept = false;
  std::string text;
};

/// What the work says it does next; the last of it is part of the answer when the process does not come back.
using CheckProgress = std::function<void(const std::string&)>;

/// The work's answer; or, not kept, how its process ended and what it was doing. Work that printed has not
/// kept the contract either. Whatever the process started is ended with it.
CheckAnswer in_own_process(std::chrono::milliseconds time,
                           const std::function<CheckAnswer(const CheckProgress&)>& work);

} // namespace mapscope::plugin
