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

/// Of pairs.
struct DiffCounts {
  std::size_t compared = 0, differing = 0;
  std::size_t not_compared = 0; ///< one side alone shows it, and the other was narrowed to some maps
  std::size_t damaged = 0;      ///< nor are these
};

class DiffWriter : public plain::DifferenceSink {
public:
  virtual void begin(const std::string& before, const std::string& after) = 0;
  virtual void scheduler(const plain::Pair& part, const plain::SchedulerDifference& difference) = 0;
  virtual void end(const DiffCounts& counts) = 0;
};

/// Lines as they are found.
std::unique_ptr<DiffWriter> diff_lines(report::Stream& to);
/// One object.
std::unique_ptr<DiffWriter> diff_json(report::Stream& to);

} // namespace mapscope::cli
