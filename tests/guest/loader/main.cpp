// SPDX-License-Identifier: Apache-2.0
// Process 1 of the guest: fill or schedule, state, and stay alive with everything open.
#include "guest.hpp"
#include "scheduler.hpp"

#include <cstring>
#include <unistd.h>

namespace {

using namespace guest;

void fill_and_state() {
  const Objects objects = load_objects();
  fill_maps(objects);
  create_special_values();
  create_declared();
  const auto unknown_types = create_bare_maps(objects);
  run_programs(objects);
  std::FILE* out = open_statement();
  state(out, objects, unknown_types);
  close_statement(out);
}

void schedule_and_state(const Scheduling& asked) {
  std::FILE* out = open_statement();
  run_scheduler(asked, out);
  close_statement(out);
}

} // namespace

int main(int count, char** words) {
  boot();
  if (count > 4 && std::strcmp(words[1], "scheduler") == 0)
    schedule_and_state({words[2], words[3], words + 4});
  else
    fill_and_state();
  for (;;) pause();
}
