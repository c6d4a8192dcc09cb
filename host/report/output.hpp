// SPDX-License-Identifier: Apache-2.0
// Where a finished report goes: standard output, or a file that appears only when it is complete.
//
// Thread rule: one thread writes.
#pragma once

#include "host/base/result.hpp"
#include "host/base/waiting.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace mapscope::report {

class Output {
public:
  virtual ~Output() = default;
  Result<void> write(std::string_view text) {
    const Waiting for_a_reader;
    auto written = put(text);
    waited_ = waited_.load() + for_a_reader.so_far();
    return written;
  }
  /// All was written. A file takes its name now; without commit() nothing is left behind.
  virtual Result<void> commit() = 0;
  /// How long writing has taken so far; any thread may ask.
  [[nodiscard]] Waiting::Clock::duration waited() const { return waited_; }

private:
  virtual Result<void> put(std::string_view text) = 0;

  std::atomic<Waiting::Clock::duration> waited_{};
};

/// What anybody else prints from then on, such as a plugin in this process, goes to standard error.
std::unique_ptr<Output> standard_output();
/// Lets go of it, so that a reader behind a pipe sees the end while the program still runs.
void end_standard_output();
/// Writes to a temporary file beside `path`; an existing regular file is replaced by commit() and not before.
/// What is no regular file (/dev/null, a pipe) is written directly.
Result<std::unique_ptr<Output>> file_output(const std::string& path);

/// Keeps the text, which `text` is given by commit().
std::unique_ptr<Output> memory_output(std::string& text);

/// Removes the temporary file of an unfinished report; for signal handlers (async-signal-safe).
void remove_unfinished() noexcept;

} // namespace mapscope::report
