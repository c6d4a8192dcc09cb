// SPDX-License-Identifier: Apache-2.0
#include "host/base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace mapscope {

namespace {
constexpr std::size_t most_threads = 16; ///< memory and disks are no faster with more
} // namespace

void in_parallel(std::size_t count, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr thrown; // the first, most likely for want of memory
  const auto work = [&]() noexcept {
    try {
      for (std::size_t i = next++; i < count; i = next++) body(i);
    } catch (...) {
      const std::scoped_lock lock(mutex);
      if (!thrown) thrown = std::current_exception();
      next = count;
    }
  };
  const std::size_t cpus = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_threads);
  std::vector<std::jthread> others;
  try {
    while (others.size() + 1 < std::min(cpus, count)) others.emplace_back(work);
  } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): fewer threads do the same work
  }
  work();
  others.clear(); // when each is done
  if (thrown) std::rethrow_exception(thrown);
}

} // namespace mapscope
