// SPDX-License-Identifier: Apache-2.0
// A guest whose RAM is read in place.
//
// Thread rule: plain function; the brake of what it returns belongs to one thread.
#pragma once

#include "host/memory/live/guest_ram.hpp"
#include "host/memory/live/live_source.hpp"

namespace mapscope::memory {

/// The monitor is taken where the guest runs, and is to be held still for its memory: not with `running`.
Result<LiveMachine> open_shared_guest(Monitor monitor, GuestRam ram, bool running);

} // namespace mapscope::memory
