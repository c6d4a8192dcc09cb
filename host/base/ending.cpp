// SPDX-License-Identifier: Apache-2.0
#include "host/base/ending.hpp"

#include "host/base/mappings.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <unistd.h>
#include <utility>

namespace mapscope {

namespace {

/// Read by a signal handler, which may come at any time.
std::array<std::atomic<void (*)() noexcept>, 4> undoes;
std::atomic<pid_t> owner = 0;
std::atomic<unsigned> all_foreign = 0;
thread_local const Foreign* foreign = nullptr;
thread_local const char* foreign_name = nullptr; ///< of what runs within that
constexpr int no_report = 1;                     // exit code

void undo_all() noexcept {
  if (owner != ::getpid()) return;
  for (const auto& undo : undoes)
    if (const auto call = undo.load(); call != nullptr) call();
}

void put(const char* text) noexcept { (void)!::write(STDERR_FILENO, text, std::strlen(text)); }

const char* who_runs() noexcept {
  if (foreign == nullptr) return "a plugin";
  return foreign_name != nullptr ? foreign_name : foreign->who();
}

/// Async-signal-safe. exit() may come from a thread that the plugin began.
void tell(const char* did, const char* what = "") noexcept {
  put("mapscope: "), put(who_runs()), put(did), put(what);
  put(" "), put(foreign != nullptr ? foreign->when() : "in this process, so there is no report"), put("\n");
}

void tell_crash(int signal) noexcept {
  if (foreign == nullptr || owner != ::getpid()) return;
  const char* name = ::sigabbrev_np(signal);
  tell(" ended with SIG", name != nullptr ? name : "RT");
}

/// Before the program's own main() has returned nothing of it calls exit() while a plugin is at work.
void at_exit() {
  if (all_foreign == 0 || owner != ::getpid()) return;
  undo_all();
  tell(" called exit()");
  ::_exit(no_report);
}

/// By the signal itself; `signal` may be blocked, or ignored by whoever started the program.
[[noreturn]] void end_by(int signal) noexcept {
  std::signal(signal, SIG_DFL);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal);
  ::_exit(128 + signal);
}

void on_request(int signal) {
  undo_all();
  ::_exit(128 + signal);
}

void on_other(int signal) {
  undo_all();
  tell_crash(signal);
  end_by(signal);
}

/// Of a file that became shorter, and so of nobody's fault here.
void on_bus(int signal, siginfo_t* info, void* /*context*/) {
  if (owner == ::getpid())
    if (const char* const name = lost_file_at(info->si_addr); name != nullptr) end_without_file(name);
  on_other(signal);
}

/// For the handler of this thread's crash, since the usual stack may be what is used up. One that somebody
/// else has set (a sanitizer) stays.
class OtherStack {
public:
  OtherStack() noexcept {
    stack_t had{};
    if (::sigaltstack(nullptr, &had) != 0 || (had.ss_flags & SS_DISABLE) == 0) return;
    bytes_.reset(new (std::nothrow) std::byte[size]);
    stack_t stack{};
    stack.ss_sp = bytes_.get();
    stack.ss_size = size;
    if (bytes_) ::sigaltstack(&stack, nullptr);
  }
  ~OtherStack() {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    if (bytes_) ::sigaltstack(&none, nullptr);
  }
  OtherStack(const OtherStack&) = delete;
  OtherStack& operator=(const OtherStack&) = delete;

private:
  static constexpr std::size_t size = 64U << 10;
  std::unique_ptr<std::byte[]> bytes_; // NOLINT(*-avoid-c-arrays)
};

bool is_ours(int signal) noexcept {
  struct sigaction action{};
  if (::sigaction(signal, nullptr, &action) != 0) return false;
  if ((action.sa_flags & SA_SIGINFO) != 0) return action.sa_sigaction == on_bus;
  return action.sa_handler == on_request || action.sa_handler == on_other;
}

/// What somebody else handles (a sanitizer), or ignores, stays theirs. On another stack where there is one:
/// the signal may say that the usual one is used up.
void handle(int signal, void (*handler)(int)) noexcept {
  struct sigaction action{};
  if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) return;
  action.sa_flags = SA_ONSTACK;
  action.sa_handler = handler;
  if (signal == SIGBUS) action.sa_flags |= SA_SIGINFO, action.sa_sigaction = on_bus;
  ::sigfillset(&action.sa_mask); // one ending is enough
  ::sigaction(signal, &action, nullptr);
}

} // namespace

void set_up_endings() noexcept {
  owner = ::getpid();
  std::atexit(at_exit);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) handle(signal, on_request);
  // Those of signal(7) whose default is to end the process; SIGSEGV and its like may come from a plugin.
  for (const int signal : {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGXCPU,
                           SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2, SIGIO, SIGPWR, SIGSTKFLT})
    handle(signal, on_other);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) handle(signal, on_other);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void forget_endings() noexcept {
  for (int signal = 1; signal <= SIGRTMAX; ++signal)
    if (is_ours(signal)) std::signal(signal, SIG_DFL);
}

void before_ending(void (*undo)() noexcept) noexcept {
  for (auto& place : undoes) {
    void (*expected)() noexcept = nullptr;
    if (place.compare_exchange_strong(expected, undo) || expected == undo) return;
  }
}

Foreign::Foreign(std::string who, std::string when) : who_(std::move(who)), when_(std::move(when)) {
  thread_local const OtherStack other_stack;
  foreign = this;
  ++all_foreign;
}

Foreign::~Foreign() {
  --all_foreign;
  foreign = nullptr;
}

ForeignName::ForeignName(const char* who) noexcept : before_(std::exchange(foreign_name, who)) {}

ForeignName::~ForeignName() { foreign_name = before_; }

void end_without_file(const char* name) noexcept {
  undo_all();
  put("mapscope: "), put(name);
  put(": became shorter while it was read, so there is no report; give it when it is written, or a copy\n");
  ::_exit(no_report);
}

void end_without_reader() noexcept {
  undo_all();
  end_by(SIGPIPE);
}

} // namespace mapscope
