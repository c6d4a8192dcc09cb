// SPDX-License-Identifier: Apache-2.0
// Time until somebody takes what was made: until its turn comes, or a person turns the page.
//
// It is in nobody's budget: whoever reads a report slowly must not find less in it. Thread rule: each thread
// has its own sum, of what it waited itself.
#pragma once

#include <chrono>

namespace mapscope {

class Waiting {
public:
  using Clock = std::chrono::steady_clock;

  Waiting() = default;
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { sum_ += so_far(); }

  [[nodiscard]] Clock::duration so_far() const { return Clock::now() - begin_; }

  /// Now, on a clock of this thread that stands still while it waits.
  static Clock::time_point now_without() { return Clock::now() - sum_; }

private:
  static inline thread_local Clock::duration sum_{};

  Clock::time_point begin_ = Clock::now();
};

} // namespace mapscope
