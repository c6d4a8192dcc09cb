// SPDX-License-Identifier: Apache-2.0
#include "host/cli/progress.hpp"

#include "host/cli/terminal.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace mapscope::cli {

namespace {
const auto start = std::chrono::steady_clock::now(); // before main()
} // namespace

std::chrono::steady_clock::time_point process_start() { return start; }

Progress::Progress() {
  const Terminal terminal = Terminal::of(STDERR_FILENO);
  terminal_ = terminal.is_there && !terminal.is_dumb; // the line is written over itself
}

Progress::~Progress() {
  if (shown_) fmt::print(stderr, "\r\033[K");
}

void Progress::at(std::size_t index, std::size_t total) {
  if (!terminal_ || std::chrono::steady_clock::now() - start_ < std::chrono::seconds(1)) return;
  shown_ = true;
  fmt::print(stderr, "\rmap {} of {}\033[K", index + 1, total);
}

} // namespace mapscope::cli
