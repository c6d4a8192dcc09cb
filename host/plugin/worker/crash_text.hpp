// SPDX-License-Identifier: Apache-2.0
// How a worker process ended, in words.
//
// Thread rule: pure functions, but for what `lines` does.
#pragma once

#include "host/plugin/select/registry.hpp"
#include "host/plugin/worker/code_line.hpp"
#include "host/plugin/worker/frames.hpp"

namespace mapscope::plugin {

/// "SIGSEGV at address 0x8 in render_null+0x1c, /src/tasks.cpp:12 after read()"; `lines` is asked for places
/// in the plugin's own code.
std::string crash_text(const CrashFrame& crash, const Plugin& plugin, const CodeLines& lines);
/// Of that the part from " in" on; "" = unknown.
std::string where_text(const CrashFrame& crash, const Plugin& plugin, const CodeLines& lines);
/// Of a process that said nothing: "its process ended with exit code 0".
std::string end_text(int wait_status);

} // namespace mapscope::plugin
