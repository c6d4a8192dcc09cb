// SPDX-License-Identifier: Apache-2.0
// The memory of a running QEMU guest, by the monitor protocol (QMP) on a UNIX socket.
//
// QEMU writes the memory into a file in memory that it is handed (dump-guest-memory), and itself stops the
// guest for that time and lets it go on: a guest goes on whatever becomes of this program, and one that was
// paused stays so. Refuses: a socket that another client holds, as libvirt does. Thread rule: plain function.
#pragma once

#include "host/memory/input_file.hpp"

#include <optional>
#include <string>

namespace mapscope::memory {

struct GuestDump {
  InputFile file;                   ///< an ELF core
  std::optional<double> stopped_ms; ///< by QEMU's own events; nothing where the guest did not run
};

/// `name` is "qmp:SOCKET". Errors name it.
Result<GuestDump> dump_guest(const std::string& name);

} // namespace mapscope::memory
