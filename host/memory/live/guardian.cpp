// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/guardian.hpp"

#include "host/base/descriptors.hpp"
#include "host/base/ending.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::memory {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds longest_hold{10};
constexpr milliseconds ending_patience{5000}; ///< of the program that a signal ends
constexpr milliseconds again{300};            ///< QEMU is asked so often until it answers
constexpr int most_often = 12'000;            ///< an hour

/// What the two say to each other.
constexpr char watch_it = 'w', it_goes = 'g', end_now = 'e', fine = 'f', too_late = 'l', gone = 0;

constexpr std::string_view cont = "{\"execute\":\"cont\",\"id\":\"mapscope-guardian\"}\n";
constexpr std::string_view answer_to_it = "mapscope-guardian";

/// Of the program, for a handler of signals.
std::atomic<int> to_guardian = -1;

/// Before the program goes on, or ends, the guest runs again, unless QEMU hangs.
void end_first() noexcept {
  const int fd = to_guardian.exchange(-1);
  if (fd < 0 || ::send(fd, &end_now, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) return;
  pollfd ended{fd, POLLIN, 0};
  char answer = 0;
  while (::poll(&ended, 1, static_cast<int>(ending_patience.count())) > 0 &&
         ::recv(fd, &answer, 1, MSG_DONTWAIT) == 1) {
  }
}

/// The process itself.
class Guard {
public:
  Guard(int monitor, int program, int process)
      : monitor_(monitor), waits_{{{program, POLLIN, 0}, {process, POLLIN, 0}}} {}

  void run() {
    while (!is_over_) {
      (void)::poll(waits_.data(), waits_.size(), left());
      if (is_held_ && Clock::now() >= until_) let_go_late();
      if ((waits_[0].revents | waits_[1].revents) != 0) listen();
    }
    if (is_held_) let_go();
  }

private:
  [[nodiscard]] int left() const {
    if (!is_held_) return -1;
    const auto ms = std::chrono::ceil<milliseconds>(until_ - Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(ms, 0));
  }

  /// What the program said last stands before its end.
  void listen() {
    const int program = waits_[0].fd;
    char what = gone;
    while (::recv(program, &what, 1, MSG_DONTWAIT) == 1 && what != end_now) answer(what);
    is_over_ = what == end_now || waits_[1].revents != 0 || (waits_[0].revents & (POLLHUP | POLLERR)) != 0;
  }

  void answer(char what) {
    const char said = std::exchange(was_late_, false) ? too_late : fine;
    is_held_ = what == watch_it;
    until_ = Clock::now() + longest_hold;
    (void)::send(waits_[0].fd, &said, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  void ask_for_it() const { (void)::send(monitor_, cont.data(), cont.size(), MSG_NOSIGNAL | MSG_DONTWAIT); }

  /// The program may still read what QEMU says.
  void let_go_late() {
    ask_for_it();
    is_held_ = false, was_late_ = true;
  }

  /// A connection that is closed takes with it what QEMU has not looked at yet, so its answer is waited for;
  /// what was said to the program stands before that, and threads of it may still read.
  void let_go() const {
    std::string read;
    for (int i = 0; i < most_often && read.find(answer_to_it) == read.npos; ++i) {
      ask_for_it();
      pollfd answered{monitor_, POLLIN, 0};
      if (::poll(&answered, 1, static_cast<int>(again.count())) <= 0) continue;
      std::array<char, 4096> piece{};
      const ssize_t got = ::recv(monitor_, piece.data(), piece.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) return;
      read.erase(0, read.size() - std::min(read.size(), answer_to_it.size()));
      if (got > 0) read.append(piece.data(), static_cast<std::size_t>(got));
    }
  }

  int monitor_;
  std::array<pollfd, 2> waits_;
  Clock::time_point until_{};
  bool is_held_ = false, was_late_ = false, is_over_ = false;
};

void ignore_signals() {
  for (int signal = 1; signal <= SIGRTMAX; ++signal) std::signal(signal, SIG_IGN);
}

[[noreturn]] void guard(int monitor, int program, pid_t parent) {
  ::setsid();
  ignore_signals();
  ::prctl(PR_SET_NAME, "mapscope-guard");
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, parent, 0)); // -1: poll() passes it over
  const bool is_orphan = ::getppid() != parent;
  const std::array<int, 3> kept = {monitor, program, process};
  if (is_orphan || !leave_terminal() || !keep_only(kept)) ::_exit(1);
  Guard(monitor, program, process).run();
  ::_exit(0);
}

} // namespace

Result<std::unique_ptr<Guardian>> Guardian::start(int monitor) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail(Errc::io, fmt::format("cannot make a socket: {}", std::generic_category().message(errno)));
  const pid_t self = ::getpid(), child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    guard(monitor, ends[1], self);
  }
  const int error = errno;
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    return fail(Errc::io, fmt::format("cannot start a process that lets the guest go: {}",
                                      std::generic_category().message(error)));
  }
  to_guardian = ends[0];
  before_ending(end_first);
  return std::unique_ptr<Guardian>(new Guardian(child, ends[0]));
}

/// A process that is still there goes on asking, and is nobody's child in the end.
Guardian::~Guardian() {
  end_first();
  char byte = 0;
  const bool is_gone = ::recv(fd_, &byte, 1, MSG_DONTWAIT) == 0;
  ::close(fd_);
  while (::waitpid(pid_, nullptr, is_gone ? 0 : WNOHANG) < 0 && errno == EINTR) {
  }
}

char Guardian::ask(char what) const {
  char answer = gone;
  if (::send(fd_, &what, 1, MSG_NOSIGNAL) != 1) return gone;
  while (::recv(fd_, &answer, 1, 0) < 0 && errno == EINTR) {
  }
  return answer;
}

Result<void> Guardian::watch() {
  if (ask(watch_it) != fine)
    return fail(Errc::io, "the process that would let the guest go has ended; is the machine out of memory?");
  return {};
}

bool Guardian::rest() { return ask(it_goes) == fine; }

} // namespace mapscope::memory
