// SPDX-License-Identifier: Apache-2.0
// Where a finished report goes: standard output, or a file that appears only when it is complete.
//
// Thread rule: one thread writes.
#pragma once

#include "host/base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace mapscope::report {

class Output {
public:
  virtual ~Output() = default;
  virtual Result<void> write(std::string_view text) = 0;
  /// All was written. A file takes its name now; without commit() nothing is left behind.
  virtual Result<void> commit() = 0;
};

std::unique_ptr<Output> standard_output();
/// Writes to a temporary file beside `path`; an existing regular file is replaced by commit() and not before.
/// What is no regular file (/dev/null, a pipe) is written directly.
Result<std::unique_ptr<Output>> file_output(const std::string& path);

/// Removes the temporary file of an unfinished report; for signal handlers (async-signal-safe).
void remove_unfinished() noexcept;

} // namespace mapscope::report
