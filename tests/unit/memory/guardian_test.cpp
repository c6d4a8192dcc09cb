// SPDX-License-Identifier: Apache-2.0
// A process that holds a guest and ends, in whichever way: the guest is let go.
#include "host/memory/live/guardian.hpp"

#include "host/base/ending.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mapscope::memory {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// The monitor's end of a connection, and a program that has the other.
class Held : public testing::Test {
protected:
  Held() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()), 0); }
  ~Held() override { ::close(ends_[0]); }

  /// `program` has a guardian that watches.
  template <class Program> pid_t start(Program program) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends_[0]);
      set_up_endings();
      auto guardian = Guardian::start(ends_[1]);
      if (!guardian || !(*guardian)->watch()) ::_exit(9);
      program(**guardian);
      ::_exit(8);
    }
    ::close(ends_[1]);
    return pid;
  }
  /// What QEMU would be told, once it is told something.
  [[nodiscard]] std::string told(milliseconds most) const {
    pollfd waiting{ends_[0], POLLIN, 0};
    std::array<char, 4096> text{};
    if (::poll(&waiting, 1, static_cast<int>(most.count())) <= 0) return "";
    const ssize_t got = ::read(ends_[0], text.data(), text.size());
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
  void say(const char* text) const { EXPECT_GT(::send(ends_[0], text, std::strlen(text), MSG_NOSIGNAL), 0); }
  /// Nobody has the connection any more.
  [[nodiscard]] bool is_closed(milliseconds most) const {
    pollfd waiting{ends_[0], POLLIN, 0};
    char byte = 0;
    while (::poll(&waiting, 1, static_cast<int>(most.count())) > 0)
      if (::read(ends_[0], &byte, 1) <= 0) return true;
    return false;
  }
  static int end_of(pid_t pid) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return status;
  }

  std::array<int, 2> ends_{};
};

[[noreturn]] void sleep_on(Guardian& /*guardian*/) {
  for (;;) ::pause();
}

TEST_F(Held, Killed) {
  const pid_t pid = start(sleep_on);
  EXPECT_EQ(told(milliseconds(300)), "") << "nothing is said while it lives";
  ::kill(pid, SIGKILL);
  end_of(pid);
  EXPECT_THAT(told(milliseconds(5000)), HasSubstr(R"({"execute":"cont")"));
  EXPECT_THAT(told(milliseconds(5000)), HasSubstr(R"({"execute":"cont")")) << "until there is an answer";
  say("{\"event\":\"RESUME\"}\n{\"return\":{},\"id\":\"mapscope-gua");
  say("rdian\"}\n");
  EXPECT_TRUE(is_closed(milliseconds(5000)));
}

TEST_F(Held, ByASignalThatAsks) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    if (signal != SIGTERM) {
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()), 0);
    }
    const pid_t pid = start(sleep_on);
    (void)told(milliseconds(200));
    ::kill(pid, signal);
    EXPECT_THAT(told(milliseconds(5000)), HasSubstr("cont"));
    EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), 0) << "it ends when the guest runs";
    say("{\"return\":{},\"id\":\"mapscope-guardian\"}\n");
    const int status = end_of(pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 128 + signal) << status;
    if (signal != SIGHUP) ::close(ends_[0]);
  }
}

TEST_F(Held, ByACrash) {
  const pid_t pid = start([](Guardian&) { ::abort(); });
  EXPECT_THAT(told(milliseconds(5000)), HasSubstr("cont"));
  say("{\"return\":{},\"id\":\"mapscope-guardian\"}\n");
  EXPECT_TRUE(WIFSIGNALED(end_of(pid)));
}

TEST_F(Held, ByAnEndThatNobodyIsToldOf) {
  const pid_t pid = start([](Guardian&) { ::_exit(3); });
  EXPECT_THAT(told(milliseconds(5000)), HasSubstr("cont"));
  end_of(pid);
}

TEST_F(Held, WhileACopyOfItGoesOn) {
  std::array<int, 2> hold{};
  ASSERT_EQ(::pipe(hold.data()), 0);
  const pid_t pid = start([&](Guardian&) {
    if (::fork() == 0) { // as a plugin may do: it keeps all descriptors
      char byte = 0;
      ::close(hold[1]);
      (void)!::read(hold[0], &byte, 1);
      ::_exit(0);
    }
    ::_exit(3);
  });
  ::close(hold[0]);
  end_of(pid);
  EXPECT_THAT(told(milliseconds(5000)), HasSubstr("cont"));
  ::close(hold[1]);
}

TEST_F(Held, SomebodyHasLetItGo) {
  const pid_t pid = start([](Guardian& guardian) { ::_exit(guardian.rest() ? 5 : 6); });
  EXPECT_EQ(WEXITSTATUS(end_of(pid)), 5);
  EXPECT_TRUE(is_closed(milliseconds(5000)));
}

TEST_F(Held, LongerThanAnybodyShould) {
  const pid_t pid = start([](Guardian& guardian) {
    ::sleep(12);
    ::_exit(guardian.rest() ? 5 : 6);
  });
  EXPECT_THAT(told(milliseconds(20'000)), HasSubstr("cont"));
  EXPECT_EQ(WEXITSTATUS(end_of(pid)), 6);
  EXPECT_TRUE(is_closed(milliseconds(5000)));
}

} // namespace
} // namespace mapscope::memory
