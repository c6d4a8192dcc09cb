// SPDX-License-Identifier: Apache-2.0
// How the program ends before its work does: by a signal, or because nobody reads any more.
//
// What must not outlive it (a temporary file) is undone first, whatever ends it short of SIGKILL; by the
// process that called set_up_endings() and by no copy of it. Thread rule: any thread.
#pragma once

namespace mapscope {

/// Signals that end a process now undo first. SIGHUP, SIGINT and SIGTERM end it with 128 + their number, the
/// others as they always do (a core dump stays one). A signal that was ignored when the program began, as
/// nohup and the shell's & have it, stays ignored. Writing to a closed pipe, or a file that may not grow, is
/// an error of that write and no signal.
void set_up_endings() noexcept;

/// In a copy of the process, which has nothing to undo: its signals do what they do by default.
void forget_endings() noexcept;

/// `undo` is called from a signal handler: async-signal-safe, and harmless when there is nothing to undo.
void before_ending(void (*undo)() noexcept) noexcept;

/// Undoes, and ends the process without a word as SIGPIPE does.
[[noreturn]] void end_without_reader() noexcept;

} // namespace mapscope
