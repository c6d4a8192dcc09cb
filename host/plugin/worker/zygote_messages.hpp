// SPDX-License-Identifier: Apache-2.0
// What the host and the zygote say to each other: fixed records, a descriptor beside them where one is
// needed.
//
// Thread rule: pure functions on a socket.
#pragma once

#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace mapscope::plugin {

struct Plugin;

struct ZygoteQuestion {
  const Plugin* plugin = nullptr; ///< fork a process for it; null: reap `pid`
  std::uint64_t cpu_seconds = 0;  ///< of a worker
  pid_t pid = -1;
  bool finds_line = false;  ///< no worker, but what looks for the line of a place in its code
  std::uint64_t offset = 0; ///< of that
};

struct ZygoteAnswer {
  pid_t pid = -1;
  int status = 0; ///< of wait(2); where pid is -1, an errno
};

/// The descriptor goes with the question; -1: none.
bool send_question(int socket, const ZygoteQuestion& question, int descriptor);
/// Nothing when the other end is closed.
std::optional<ZygoteQuestion> receive_question(int socket, int& ret_descriptor);

} // namespace mapscope::plugin
