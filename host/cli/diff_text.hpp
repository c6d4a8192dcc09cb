// SPDX-License-Identifier: Apache-2.0
// What diff says, for people and as JSON.
//
// Nothing of the target reaches a terminal unescaped. Thread rule: one thread.
#pragma once

#include "host/plain/comparison.hpp"
#include "host/plain/scheduler_difference.hpp"
#include "host/report/writer.hpp"

#include <memory>
#include <string>

namespace mapscope::cli {

class DiffWriter : public plain::DifferenceSink {
public:
  virtual void begin(const std::string& before, const std::string& after) = 0;
  virtual void scheduler(const plain::Pair& part, const plain::SchedulerDifference& difference) = 0;
  /// Of so many pairs.
  virtual void end(std::size_t compared, std::size_t differing) = 0;
};

/// Lines as they are found.
std::unique_ptr<DiffWriter> diff_lines(report::Stream& to);
/// One object.
std::unique_ptr<DiffWriter> diff_json(report::Stream& to);

} // namespace mapscope::cli
