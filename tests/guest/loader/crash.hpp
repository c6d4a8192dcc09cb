// SPDX-License-Identifier: Apache-2.0
// The guest whose memory holds two kernels: one that crashed, and the crash kernel that it left the machine
// to.
#pragma once

#include <string>

namespace guest {

/// Loads the files that the capture laid at / as the crash kernel, with that command line, and panics.
[[noreturn]] void crash(const std::string& command_line);

/// In the crash kernel: makes two small maps and says, in a line on the console, what a report must show:
/// AFTER CRASH {"release":TEXT,"maps":[members of the report's map object]}
void state_after_crash();

} // namespace guest
