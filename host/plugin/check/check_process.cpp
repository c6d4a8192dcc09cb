// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/check_process.hpp"

#include "host/base/ending.hpp"
#include "host/base/sanitized.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

/// What both processes see.
struct Shared {
  bool answered, kept, is_warning;
  std::uint64_t memory_before; ///< bytes
  std::array<char, 256> doing;
  std::array<char, 512> text, what;
};

template <std::size_t Size> void put(std::array<char, Size>& to, const std::string& text) {
  to[text.copy(to.data(), Size - 1)] = 0;
}
/// The child may have written anything.
template <std::size_t Size> std::string get(const std::array<char, Size>& from) {
  return {from.data(), ::strnlen(from.data(), Size)};
}

std::string system_text() { return std::generic_category().message(errno); }

/// The soft one: what is run as a worker sets its own, which may be higher.
void limit(__rlimit_resource what, rlim_t most) {
  rlimit limits{};
  if (::getrlimit(what, &limits) != 0) return;
  limits.rlim_cur = std::min(most, limits.rlim_max);
  (void)::setrlimit(what, &limits);
}

/// Bytes that this process has by now, of address space and of memory: they are not the plugin's.
struct Taken {
  std::uint64_t space = 0, memory = 0;
};
Taken taken() {
  unsigned long space = 0, memory = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return {};
  if (std::fscanf(file, "%lu %lu", &space, &memory) != 2) space = memory = 0;
  std::fclose(file);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return {space * page, memory * page};
}

/// At its most.
std::uint64_t memory_taken(const rusage& used, const Shared& shared) {
  const auto most = static_cast<std::uint64_t>(used.ru_maxrss) << 10;
  return most - std::min<std::uint64_t>(most, shared.memory_before);
}

/// Not to the last byte: what a plugin asks for that is more than there is left, it does not get.
bool takes_all(std::uint64_t memory, const CheckLimits& limits) {
  return !sanitized && memory > limits.worker_memory - limits.worker_memory / 8;
}

[[noreturn]] void child(Shared& shared, int printed, const CheckLimits& limits,
                        const std::function<CheckAnswer(const CheckProgress&)>& work) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
  // As a worker has it (sandbox.cpp). A sanitizer's shadow is larger than any limit.
  const Taken before = taken();
  shared.memory_before = before.memory;
  if (!sanitized) limit(RLIMIT_AS, before.space + limits.worker_memory);
  forget_endings();
  ::dup2(printed, STDOUT_FILENO), ::dup2(printed, STDERR_FILENO);
  const auto progress = [&](const std::string& doing) {
    rusage used{};
    (void)::getrusage(RUSAGE_SELF, &used);
    if (takes_all(memory_taken(used, shared), limits)) ::_exit(0); // it would take it again and again
    put(shared.doing, doing);
  };
  try {
    const CheckAnswer answer = work(progress);
    put(shared.text, answer.text), put(shared.what, answer.what);
    shared.kept = answer.kept, shared.is_warning = answer.is_warning;
    shared.answered = true;
  } catch (const std::exception& error) {
    put(shared.text, error.what());
  }
  ::_exit(0);
}

/// False when it is still running at the end of the time.
bool ends_in_time(pid_t pid, std::chrono::milliseconds time) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return true; // before Linux 5.3: without a limit
  pollfd waited{fd, POLLIN, 0};
  const auto end = std::chrono::steady_clock::now() + time;
  int ready = 0;
  do {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    ready = ::poll(&waited, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);
  ::close(fd);
  return ready > 0;
}

std::string ending(int status) {
  if (WIFEXITED(status)) return fmt::format("it ended the process with exit code {}", WEXITSTATUS(status));
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return fmt::format("it crashed with SIG{}", name != nullptr ? name : std::to_string(WTERMSIG(status)));
}

/// The first line.
std::string first_printed(int printed) {
  std::array<char, 200> text{};
  const ssize_t got = ::pread(printed, text.data(), text.size(), 0);
  const std::string_view all(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return std::string(all.substr(0, all.find('\n')));
}

/// How it came to its end, when that is no answer.
struct Ended {
  int status = 0;
  bool in_time = true;
  std::uint64_t memory = 0; ///< bytes that it took, at its most
};

CheckAnswer not_kept(std::string what, const std::string& where, CheckAnswer::End end) {
  return {.kept = false, .text = what + where, .what = std::move(what), .end = end};
}

CheckAnswer collect(const Shared& shared, int printed, const Ended& ended, const CheckLimits& limits) {
  using End = CheckAnswer::End;
  const std::string doing = get(shared.doing), text = get(shared.text), said = first_printed(printed);
  const std::string about = doing.empty() ? "" : fmt::format(" ({})", doing);
  const std::string also = said.empty() ? "" : fmt::format(", having printed \"{}\"", printable(said, 120));
  if (takes_all(ended.memory, limits))
    return not_kept(
        fmt::format("it took all the memory that a worker has for it, {} MiB (budget.memory){}",
                    limits.worker_memory >> 20,
                    WIFSIGNALED(ended.status) && ended.in_time ? ", and then " + ending(ended.status) : ""),
        about + also, End::gone);
  if (!ended.in_time) return not_kept("it did not end in time", about + also, End::hung);
  if (!shared.answered) return not_kept(text.empty() ? ending(ended.status) : text, about + also, End::gone);
  if (shared.kept && !said.empty())
    return not_kept(
        fmt::format("it printed \"{}\"; what people should know goes into the report, with note()",
                    printable(said, 120)),
        "", End::answered);
  return {shared.kept, text, get(shared.what), End::answered, shared.is_warning};
}

} // namespace

CheckAnswer in_own_process(const CheckLimits& limits,
                           const std::function<CheckAnswer(const CheckProgress&)>& work) {
  void* const at = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const int printed = ::memfd_create("mapscope-printed", MFD_CLOEXEC);
  if (at == MAP_FAILED || printed < 0)
    return {false, fmt::format("no memory to run it in: {}", system_text())};
  auto& shared = *static_cast<Shared*>(at);
  const pid_t pid = ::fork();
  if (pid == 0) child(shared, printed, limits, work);
  CheckAnswer answer{false, fmt::format("no process to run it in: {}", system_text())};
  if (pid > 0) {
    Ended ended{.in_time = ends_in_time(pid, limits.time_per_rule)};
    ::kill(-pid, SIGKILL); // and what it started
    if (!ended.in_time) ::kill(pid, SIGKILL);
    rusage used{};
    ::wait4(pid, &ended.status, 0, &used);
    ended.memory = memory_taken(used, shared);
    answer = collect(shared, printed, ended, limits);
  }
  ::close(printed);
  ::munmap(at, sizeof(Shared));
  return answer;
}

} // namespace mapscope::plugin
