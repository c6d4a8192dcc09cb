// SPDX-License-Identifier: Apache-2.0
// Process 1 of the guest: fill, state, and stay alive with everything open.
#include "guest.hpp"

#include <unistd.h>

int main() {
  using namespace guest;
  boot();
  const Objects objects = load_objects();
  fill_maps(objects);
  create_special_values();
  const auto unknown_types = create_bare_maps(objects);
  run_programs(objects);
  std::FILE* out = open_statement();
  state(out, objects, unknown_types);
  close_statement(out);
  for (;;) pause();
}
