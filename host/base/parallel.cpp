// SPDX-License-Identifier: Apache-2.0
#include "host/base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace mapscope {

namespace {
constexpr std::size_t most_threads = 16; ///< memory and disks are no faster with more
} // namespace

void in_parallel(std::size_t count, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) body(i);
  };
  const std::size_t cpus = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_threads);
  std::vector<std::jthread> others;
  try {
    while (others.size() + 1 < std::min(cpus, count)) others.emplace_back(work);
  } catch (const std::system_error&) { // NOLINT(bugprone-empty-catch): fewer threads do the same work
  }
  work();
}

} // namespace mapscope
