// SPDX-License-Identifier: Apache-2.0
// "map 12 of 40" on stderr: only on a terminal, and only when the work lasts longer than a second.
#pragma once

#include <chrono>
#include <cstddef>

namespace mapscope::cli {

/// When this program began, as near as it can tell.
std::chrono::steady_clock::time_point process_start();

class Progress {
public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void at(std::size_t index, std::size_t total);

private:
  bool terminal_ = false, shown_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace mapscope::cli
