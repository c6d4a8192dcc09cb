// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/cpus.hpp"

#include <fstream>

namespace mapscope::lookup {

/// "0-3,8"
Cpus Cpus::of_this_machine() {
  constexpr std::uint32_t most = 1 << 16;
  Cpus cpus;
  std::ifstream file("/sys/devices/system/cpu/possible");
  std::uint32_t first = 0, last = 0;
  while (file >> first) {
    last = first;
    if (file.peek() == '-') file.get(), file >> last;
    for (std::uint32_t cpu = first; cpu <= last && cpu < most; ++cpu) cpus.possible.push_back(cpu);
    if (file.get() != ',') break;
  }
  return cpus;
}

} // namespace mapscope::lookup
