// SPDX-License-Identifier: Apache-2.0
// The memory of a QEMU guest, by the monitor protocol (QMP) on a UNIX socket.
//
// RAM that is shared is read in place, while the guest runs or is held still for a moment; a guardian lets it
// go whatever becomes of this program. Else QEMU writes the memory into a file in memory that it is handed
// (dump-guest-memory), and itself stops the guest for that time and lets it go on. A guest that was paused
// stays so. Refuses: a socket that another client holds, as libvirt does. Thread rule: plain function.
#pragma once

#include "host/memory/input_file.hpp"
#include "host/memory/source.hpp"

#include <functional>
#include <memory>
#include <string>

namespace mapscope::memory {

/// What opens an ELF core.
using OpenCore = std::function<Result<std::unique_ptr<Source>>(InputFile core)>;

/// `name` is "qmp:SOCKET". Errors name it.
Result<std::unique_ptr<Source>> open_guest(const std::string& name, const OpenOptions& options,
                                           const OpenCore& open_core);

} // namespace mapscope::memory
