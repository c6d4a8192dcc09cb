// SPDX-License-Identifier: Apache-2.0
// What a worker process says when its plugin kills it.
//
// Thread rule: for processes with one thread.
#pragma once

#include "host/plugin/worker/frames.hpp"

namespace mapscope::plugin {

struct Plugin;

/// From now on the signals of a crash, and that of a forbidden system call, end the process with a
/// CrashFrame. The writer must live as long.
void report_faults(FrameWriter& writer);
/// The library with this symbol is loaded; the first is that of the plugin which the worker is for.
void faults_are_in(const Plugin& plugin, const void* symbol);

} // namespace mapscope::plugin
