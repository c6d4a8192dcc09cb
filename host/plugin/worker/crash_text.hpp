// SPDX-License-Identifier: Apache-2.0
// How a worker process ended, in words.
//
// Thread rule: pure functions.
#pragma once

#include "host/plugin/select/registry.hpp"
#include "host/plugin/worker/frames.hpp"

namespace mapscope::plugin {

/// "SIGSEGV at address 0x8 in render_null+0x1c after read()"
std::string crash_text(const CrashFrame& crash, const Plugin& plugin);
/// Of a process that said nothing: "its process ended with exit code 0".
std::string end_text(int wait_status);

} // namespace mapscope::plugin
