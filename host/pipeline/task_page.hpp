// SPDX-License-Identifier: Apache-2.0
// A report cut down to one task: what the kernel has of it beside what maps have of it.
//
// Thread rule: one thread; it must outlive the report that is made of the request.
#pragma once

#include "host/base/result.hpp"
#include "host/pipeline/task_rows.hpp"

namespace mapscope::pipeline {

class Opened;
struct Setup;
struct Request;

class TaskPage {
public:
  explicit TaskPage(std::uint32_t pid) : pid_(pid), rows_(pid) {}
  TaskPage(const TaskPage&) = delete;
  TaskPage& operator=(const TaskPage&) = delete;

  /// Looks at all that the request is for, and leaves of it what has to do with the task. Errors (not_found):
  /// nothing has.
  Result<void> narrow(const Setup& setup, const Opened& source, Request& request);
  /// When all is written: there was none of it.
  [[nodiscard]] bool is_empty() const { return !is_found_; }
  [[nodiscard]] Error missing() const;

private:
  Result<void> find_rows(const Setup& setup, const Opened& source, const Request& request);

  std::uint32_t pid_;
  TaskRows rows_;
  bool is_found_ = false;
};

} // namespace mapscope::pipeline
