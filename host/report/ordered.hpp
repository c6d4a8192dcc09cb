// SPDX-License-Identifier: Apache-2.0
// Pieces made in parallel, put out in order.
//
// The piece whose turn it is streams straight through; pieces behind it wait in bounded buffers, and a thread
// that has filled its buffer waits for its turn. Jobs are taken in order, so the piece whose turn it is
// always has a thread. Where no thread can be had the caller's makes them. Thread rule: run() returns when
// all is done; Stream::append() belongs to the job's thread.
#pragma once

#include "host/report/output.hpp"
#include "host/report/writer.hpp"

#include <functional>

namespace mapscope::report {

struct Ordered {
  std::size_t count = 0; ///< jobs
  unsigned threads = 1;
  std::size_t buffer = 1U << 20; ///< bytes a piece may be ahead of its turn
  /// Makes piece i; runs on one of the threads.
  std::function<void(std::size_t, Stream&)> make;
  /// Called on the calling thread just before piece i begins to go out.
  std::function<void(std::size_t)> before;
};

/// Writes every piece to `out`. The first write error ends the output (jobs still run to their end, unheard)
/// and is returned. What a job throws ends the output as well, and is thrown to the caller.
Result<void> run_ordered(Output& out, const Ordered& work);

} // namespace mapscope::report
