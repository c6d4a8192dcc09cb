// SPDX-License-Identifier: Apache-2.0
// Threads that make rows into text, for all maps of a report.
//
// Batches are begun in the order in which they came. Who put one there may take it back as long as nobody
// has begun it, and does its work itself: so nobody waits while there is something to do, and without a
// thread all goes on as well. Thread rule: any thread.
#pragma once

#include "host/report/row_batch.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace mapscope::report {

class RowPool {
public:
  /// Of `threads` as many as can be had.
  explicit RowPool(unsigned threads);
  ~RowPool();
  RowPool(const RowPool&) = delete;
  RowPool& operator=(const RowPool&) = delete;

  struct Job {
    explicit Job(RowBatch::MakeHelper make) : batch(std::move(make)) {}
    RowBatch batch; ///< of the pool's, from put() until it is done or taken back
    bool is_begun = false, is_done = false;
  };

  [[nodiscard]] unsigned threads() const { return static_cast<unsigned>(threads_.size()); }
  void put(const std::shared_ptr<Job>& job);
  /// True: it is the caller's again.
  bool take_back(const std::shared_ptr<Job>& job);
  [[nodiscard]] bool is_done(const Job& job);
  void wait(const Job& job);

private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> waiting_;
  bool ends_ = false;
  std::vector<std::jthread> threads_;
};

} // namespace mapscope::report
