// SPDX-License-Identifier: Apache-2.0
// The source line of a place in a plugin's code, where the plugin has debug information.
//
// That is as hostile as its code, and far more complicated than what the verifier reads, so it is read in a
// process that is confined before it looks at the first byte. What that says is text for people, of bounded
// length, and comes in bounded time or not at all. Thread rule: find_code_line() for processes with one
// thread; the rest from any.
#pragma once

#include "host/plugin/select/registry.hpp"

#include <functional>
#include <string>
#include <sys/types.h>

namespace mapscope::plugin {

/// Seconds of processor time that a look-up may take.
constexpr std::uint64_t code_line_seconds = 2;

/// "/src/tasks.cpp:12" of a place so many bytes from where the plugin was loaded; "" where nothing says so.
using CodeLines = std::function<std::string(std::uint64_t offset)>;

struct CodeLineStart {
  const Plugin* plugin = nullptr;
  std::uint64_t offset = 0;
  int fd = -1;              ///< the answer goes there
  std::uint64_t memory = 0; ///< bytes, as budget.memory
  pid_t parent = 0;         ///< ends with it
};

/// Confines the process, looks, answers, and ends.
[[noreturn]] void run_code_line(const CodeLineStart& start);

/// The answer of such a process, fit for a terminal; "" where there is none, or not in time.
std::string read_code_line(int fd);

/// Both, with a process of this one.
std::string find_code_line(const Plugin& plugin, std::uint64_t offset, std::uint64_t memory);

} // namespace mapscope::plugin
