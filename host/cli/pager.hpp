// SPDX-License-Identifier: Apache-2.0
// Text for a person at a terminal goes through a pager, as git does it: $MAPSCOPE_PAGER, else $PAGER, else
// less, which gets LESS=FRX where nothing says otherwise.
//
// Refuses: where standard output is no terminal or a dumb one, where the variable is empty or "cat", and
// where the program is not installed; the text then goes straight out. Thread rule: one object, before any
// thread.
#pragma once

#include "host/cli/terminal.hpp"

#include <string>
#include <sys/types.h>

namespace mapscope::cli {

class Pager {
public:
  Pager() = default;
  /// Ends standard output, and waits until the person has seen enough.
  ~Pager();
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

  /// From here on standard output is the pager's input, if there is to be one.
  void start(const Terminal& terminal);

private:
  static std::string command();

  pid_t child_ = -1;
};

} // namespace mapscope::cli
