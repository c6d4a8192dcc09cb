// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/zygote.hpp"

#include "host/plugin/call/environment.hpp"
#include "host/plugin/worker/worker.hpp"
#include "host/target/target.hpp"

#include "host/base/descriptors.hpp"
#include "host/base/ending.hpp"
#include "host/plugin/select/library.hpp"
#include "host/plugin/worker/code_line.hpp"
#include "host/plugin/worker/sandbox.hpp"
#include "host/plugin/worker/zygote_messages.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <set>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

std::unexpected<Error> failed(std::string_view what, int error) {
  return fail(Errc::io, fmt::format("cannot {}: {}", what, std::generic_category().message(error)));
}

/// The process itself.
class Nursery {
public:
  Nursery(const Environment& environment, const Companions& companions, int fd)
      : environment_(environment), companions_(companions), fd_(fd) {}

  [[noreturn]] void run() {
    int descriptor = -1;
    while (const auto question = receive_question(fd_, descriptor)) {
      const ZygoteAnswer answer =
          question->plugin != nullptr ? fork_one(*question, descriptor) : reap_one(question->pid);
      if (descriptor >= 0) ::close(descriptor);
      if (::send(fd_, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) break;
    }
    while (!children_.empty())
      (void)reap_one(*children_.begin()); // nothing is left when the host sees the end
    ::_exit(0);
  }

private:
  [[nodiscard]] ZygoteAnswer fork_one(const ZygoteQuestion& question, int descriptor) {
    const pid_t parent = ::getpid(), child = ::fork();
    if (child > 0) children_.insert(child);
    if (child != 0) return {child, child < 0 ? errno : 0};
    if (question.finds_line)
      run_code_line(
          {question.plugin, question.offset, descriptor, environment_.config->budget.memory, parent});
    const auto others = companions_.of_plugin.find(question.plugin);
    const auto list =
        others != companions_.of_plugin.end() ? std::span(others->second) : std::span<const Plugin* const>();
    run_worker({&environment_, question.plugin, list, descriptor, parent, question.cpu_seconds});
  }

  ZygoteAnswer reap_one(pid_t pid) {
    if (children_.erase(pid) == 0) return {-1, ESRCH};
    ::kill(pid, SIGKILL); // nothing happens to one that has ended
    int status = 0;
    pid_t reaped = 0;
    do reaped = ::waitpid(pid, &status, 0);
    while (reaped < 0 && errno == EINTR);
    return {reaped, reaped < 0 ? errno : status};
  }

  const Environment& environment_;
  const Companions& companions_;
  int fd_;
  std::set<pid_t> children_;
};

[[noreturn]] void run_zygote(const Environment& environment, std::span<const Plugin> plugins,
                             const Companions& companions, int fd, pid_t parent) {
  ::prctl(PR_SET_NAME, "mapscope-zygote");
  forget_endings();
  keep_time_zone();
  std::vector<int> kept = {fd};
  for (const Plugin& plugin : plugins)
    if (plugin.file) kept.push_back(plugin.file->fd());
  const auto of_the_target = environment.target->source().descriptors();
  kept.insert(kept.end(), of_the_target.begin(), of_the_target.end());
  if (!leave_terminal() || !keep_only(kept) || !end_with(parent)) ::_exit(1);
  for (const Plugin* plugin : companions.trusted) (void)load(*plugin); // what fails is told when it is called
  Nursery(environment, companions, fd).run();
}

} // namespace

Result<std::unique_ptr<Zygote>> Zygote::start(const Environment& environment, std::span<const Plugin> plugins,
                                              const Companions& companions) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return failed("make a socket for worker processes", errno);
  const pid_t self = ::getpid(), child = ::fork();
  if (child == 0) run_zygote(environment, plugins, companions, ends[1], self);
  const int error = errno;
  ::close(ends[1]);
  if (child > 0) return std::unique_ptr<Zygote>(new Zygote(child, ends[0]));
  ::close(ends[0]);
  return failed("start the process that worker processes come from", error);
}

Zygote::~Zygote() {
  ::close(fd_); // it ends its workers, then itself
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

ZygoteAnswer Zygote::ask(const ZygoteQuestion& question, int descriptor) {
  ZygoteAnswer answer{};
  const std::scoped_lock lock(mutex_);
  const bool answered =
      send_question(fd_, question, descriptor) &&
      // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): one question at a time is what it is for
      ::recv(fd_, &answer, sizeof answer, 0) == sizeof answer;
  return answered ? answer : ZygoteAnswer{-1, EPIPE};
}

Result<Zygote::Child> Zygote::fork_worker(const Plugin& plugin, std::uint64_t cpu_seconds) {
  return fork_child({.plugin = &plugin, .cpu_seconds = cpu_seconds});
}

Result<Zygote::Child> Zygote::fork_line_finder(const Plugin& plugin, std::uint64_t offset) {
  return fork_child({.plugin = &plugin, .finds_line = true, .offset = offset});
}

Result<Zygote::Child> Zygote::fork_child(const ZygoteQuestion& question) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return failed("make a socket for a worker process", errno);
  const ZygoteAnswer answer = ask(question, ends[1]);
  ::close(ends[1]);
  if (answer.pid > 0) return Child{answer.pid, ends[0]};
  ::close(ends[0]);
  return failed("start a worker process", answer.status);
}

Result<int> Zygote::reap(pid_t pid) {
  const ZygoteAnswer answer = ask({.pid = pid}, -1);
  if (answer.pid == pid) return answer.status;
  return failed("ask how a worker process ended", answer.status);
}

} // namespace mapscope::plugin
