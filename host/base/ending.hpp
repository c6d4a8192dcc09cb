// SPDX-License-Identifier: Apache-2.0
// How the program ends before its work does: by a signal, because nobody reads any more, or by the exit() of
// a plugin.
//
// What must not outlive it (a temporary file) is undone first, whatever ends it short of SIGKILL; by the
// process that called set_up_endings() and by no copy of it. Thread rule: any thread.
#pragma once

#include <string>

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

/// While it lives, this thread runs code that is not the program's own. Where that crashes, or calls exit(),
/// it is told on standard error as "WHO called exit() WHEN"; and exit() is an end without a report, whatever
/// its code says.
class Foreign {
public:
  Foreign(std::string who, std::string when);
  ~Foreign();
  Foreign(const Foreign&) = delete;
  Foreign& operator=(const Foreign&) = delete;

  // Read by handlers.
  [[nodiscard]] const char* who() const noexcept { return who_.c_str(); }
  [[nodiscard]] const char* when() const noexcept { return when_.c_str(); }

private:
  std::string who_, when_;
};

/// While it lives, who runs is told by this name, which must live as long.
class ForeignName {
public:
  explicit ForeignName(const char* who) noexcept;
  ~ForeignName();
  ForeignName(const ForeignName&) = delete;
  ForeignName& operator=(const ForeignName&) = delete;

private:
  const char* before_;
};

/// A fault in the mapping of a file that became shorter says so, and is nobody's else: whoever learns of one
/// elsewhere, in a copy of the process, ends this one as a fault here would. Async-signal-safe.
[[noreturn]] void end_without_file(const char* name) noexcept;

/// Undoes, and ends the process without a word as SIGPIPE does.
[[noreturn]] void end_without_reader() noexcept;

} // namespace mapscope
