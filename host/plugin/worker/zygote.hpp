// SPDX-License-Identifier: Apache-2.0
// The process that worker processes are copies of: this one, as it was before it had a second thread.
//
// It does nothing but fork and reap on demand. A process of it is reaped only when the host asks for it, so
// its number means no other process before that. It and its workers end with the host. Thread rule: start()
// while the process has one thread; the rest from any thread.
#pragma once

#include "host/base/result.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <sys/types.h>
#include <vector>

namespace mapscope::plugin {

struct Environment;
struct Plugin;

/// Who finds the elements that a plugin asks for, in the process that it is in.
struct Companions {
  std::vector<const Plugin*> trusted;                            ///< loaded by the zygote, for all
  std::map<const Plugin*, std::vector<const Plugin*>> of_plugin; ///< loaded in its worker, confined as it is
};

struct ZygoteQuestion;
struct ZygoteAnswer;

class Zygote {
public:
  /// The environment, the companions and all that they point to must live as long. `plugins` keep their
  /// descriptors.
  static Result<std::unique_ptr<Zygote>> start(const Environment& environment,
                                               std::span<const Plugin> plugins, const Companions& companions);
  /// Ends the process, and whatever is left of its workers.
  ~Zygote();
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  struct Child {
    pid_t pid = -1;
    int fd = -1; ///< the host's end; the owner closes it
  };
  /// A worker for this plugin.
  Result<Child> fork_worker(const Plugin& plugin, std::uint64_t cpu_seconds);
  /// A process that answers with the line of a place in the plugin's code, see code_line.hpp.
  Result<Child> fork_line_finder(const Plugin& plugin, std::uint64_t offset);
  /// Kills the process, unless it has ended by itself; its status as of wait(2).
  Result<int> reap(pid_t pid);

private:
  Zygote(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  /// The question is completed with the other end of a socket.
  Result<Child> fork_child(const ZygoteQuestion& question);
  /// Its answer; where it is gone, a pid of -1.
  ZygoteAnswer ask(const ZygoteQuestion& question, int descriptor);

  pid_t pid_;
  int fd_;
  std::mutex mutex_; ///< one question at a time
};

} // namespace mapscope::plugin
