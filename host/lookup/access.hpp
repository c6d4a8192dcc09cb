// SPDX-License-Identifier: Apache-2.0
// How bpf(2) lets the elements of each type of map be seen without changing anything, and what it keeps back.
//
// Refuses: whatever modifies, though it would show more: a pop; sockets, each of which a look-up gives a
// cookie; stacks, each of which it takes out of the map for a moment; an arena's pages, which a mapping
// allocates; types that are not known here. Thread rule: pure.
#pragma once

#include "host/catalog/catalog.hpp"

#include <string>

namespace mapscope::lookup {

enum class Way : std::uint8_t {
  none,
  batch,   ///< many elements a call, and key by key where the kernel cannot
  keys,    ///< key by key
  next,    ///< what the next pop would return, and nothing behind it
  only,    ///< the one element, key 0
  ring,    ///< positions and records through mmap(2), read-only
  tasks,   ///< by a pidfd of every task
  cgroups, ///< by every control group's directory
};

struct Access {
  Way way = Way::none;
  bool per_cpu = false; ///< the value is one copy for each possible CPU
  /// The keys are numbers below max_entries, and all of them are there.
  bool is_array = false;
  std::string lacks =
      {}; ///< what of the map is not seen this way, and what would show it; "": nothing is known
};

Access access_of(const catalog::Map& map);

/// What shows more than look-ups do, as a clause.
inline constexpr const char* shown_by_memory =
    "--via peek shows it (CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN, and no lockdown=confidentiality)";

} // namespace mapscope::lookup
