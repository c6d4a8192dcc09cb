// SPDX-License-Identifier: Apache-2.0
// A report of one source, from whatever it is made.
//
// Thread rule: belongs to one thread, which write() returns to when all its own have ended.
#pragma once

#include "host/base/result.hpp"
#include "host/pipeline/request.hpp"
#include "host/report/output.hpp"

#include <string>

namespace mapscope::pipeline {

class Report {
public:
  virtual ~Report() = default;
  /// What the report is about, and what is to be said of that on stderr; comes first. Errors (usage): a SPEC
  /// that names nothing, a plugin that renders nothing.
  virtual Result<void> choose() = 0;
  /// All of it, and commits the output. Once.
  virtual Result<void> write(report::Output& output, const Hooks& hooks) = 0;
  /// What of the report is less than complete; "" where nothing is.
  [[nodiscard]] virtual std::string shortfall() const = 0;
};

} // namespace mapscope::pipeline
