// SPDX-License-Identifier: Apache-2.0
// scheduler_core FILE SLOTS: a core file with an allocator of so many live slots, and as many entries of a
// map that point to them.
#include "tests/support/scheduler_core.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: scheduler_core FILE SLOTS\n", stderr);
    return 2;
  }
  mapscope::test::Scheduler scheduler;
  scheduler.tasks = scheduler.entries = std::strtoull(words[2], nullptr, 10);
  std::ofstream file(words[1], std::ios::binary);
  file << mapscope::test::scheduler_core(scheduler);
  return file.flush() ? 0 : 1;
}
