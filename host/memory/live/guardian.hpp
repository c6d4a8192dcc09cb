// SPDX-License-Identifier: Apache-2.0
// A small process that lets a guest go on when the program that holds it is gone, whatever ended that.
//
// It has the monitor's connection too, since QEMU takes one client at a time, and as long as the program
// lives it says nothing there, unless the guest is held longer than anybody should. It hears of the end by
// the socket between the two, and by the process itself, whose copies may keep that socket open. Signals for
// the program do not reach it: it has a session of its own. Refuses: to be told what to do by anybody else.
// Thread rule: one thread; it is started before there are others.
#pragma once

#include "host/base/result.hpp"

#include <memory>
#include <sys/types.h>

namespace mapscope::memory {

class Guardian {
public:
  /// `monitor` is a connection that takes commands. One at a time.
  static Result<std::unique_ptr<Guardian>> start(int monitor);
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  /// From now on it must let the guest go: to be called before that is stopped.
  Result<void> watch();
  /// Somebody has let it go. False: it was held too long, and let go by the guardian before.
  bool rest();

private:
  Guardian(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  [[nodiscard]] char ask(char what) const;

  pid_t pid_;
  int fd_;
};

} // namespace mapscope::memory
