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
  const Plugin* plugin = nullptr; ///< fork a worker for it; null: reap `pid`
  std::uint64_t cpu_seconds = 0;
  pid_t pid = -1;
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
