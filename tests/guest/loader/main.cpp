// SPDX-License-Identifier: Apache-2.0
// Process 1 of the guest: fill or schedule, state, and stay alive with everything open, or crash.
#include "crash.hpp"
#include "guest.hpp"
#include "scheduler.hpp"

#include <string>
#include <string_view>
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
  print_by_bpftool();
  std::FILE* out = open_statement();
  state(out, objects, unknown_types);
  state_printed(out);
  close_statement(out);
}

void schedule_and_state(const Scheduling& asked) {
  std::FILE* out = open_statement();
  run_scheduler(asked, out);
  close_statement(out);
}

/// Of the crash kernel: the rest of this one's words, and one that tells its init what it is.
std::string joined(char** words) {
  std::string line;
  for (; *words != nullptr; ++words) line += std::string(*words) + " ";
  return line + "-- after_crash";
}

} // namespace

int main(int count, char** words) {
  boot();
  const std::string_view task = count > 1 ? words[1] : "";
  if (count > 4 && task == "scheduler")
    schedule_and_state({words[2], words[3], words + 4});
  else if (task == "after_crash")
    state_after_crash();
  else
    fill_and_state();
  if (task == "crash") crash(joined(words + 2));
  for (;;) pause();
}
