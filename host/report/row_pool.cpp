// SPDX-License-Identifier: Apache-2.0
#include "host/report/row_pool.hpp"

#include "host/base/waiting.hpp"

#include <system_error>

namespace mapscope::report {

RowPool::RowPool(unsigned threads) {
  while (threads_.size() < threads) try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) { // a limit of the user's
      break;
    }
}

RowPool::~RowPool() {
  const std::scoped_lock lock(mutex_);
  ends_ = true;
  changed_.notify_all();
}

void RowPool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
    if (ends_) return;
    const auto job = std::move(waiting_.front());
    waiting_.pop_front();
    job->is_begun = true;
    lock.unlock();
    job->batch.write();
    lock.lock();
    job->is_done = true;
    changed_.notify_all();
  }
}

void RowPool::put(const std::shared_ptr<Job>& job) {
  const std::scoped_lock lock(mutex_);
  waiting_.push_back(job);
  changed_.notify_all();
}

bool RowPool::take_back(const std::shared_ptr<Job>& job) {
  const std::scoped_lock lock(mutex_);
  return !job->is_begun && std::erase(waiting_, job) != 0;
}

bool RowPool::is_done(const Job& job) {
  const std::scoped_lock lock(mutex_);
  return job.is_done;
}

void RowPool::wait(const Job& job) {
  std::unique_lock lock(mutex_);
  if (job.is_done) return;
  const Waiting for_others;
  changed_.wait(lock, [&] { return job.is_done; });
}

} // namespace mapscope::report
