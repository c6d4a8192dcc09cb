// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/check_process.hpp"

#include "host/base/ending.hpp"
#include "host/base/sanitized.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
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

constexpr rlim_t most_memory = 2ULL << 30;

/// What both processes see.
struct Shared {
  bool answered, kept;
  std::array<char, 256> doing;
  std::array<char, 512> text;
};

template <std::size_t Size> void put(std::array<char, Size>& to, const std::string& text) {
  to[text.copy(to.data(), Size - 1)] = 0;
}
/// The child may have written anything.
template <std::size_t Size> std::string get(const std::array<char, Size>& from) {
  return {from.data(), ::strnlen(from.data(), Size)};
}

std::string system_text() { return std::generic_category().message(errno); }

void limit(int what, rlim_t most) {
  const rlimit limits{most, most};
  (void)::setrlimit(static_cast<__rlimit_resource_t>(what), &limits);
}

[[noreturn]] void child(Shared& shared, int printed,
                        const std::function<CheckAnswer(const CheckProgress&)>& work) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
  if (!sanitized) limit(RLIMIT_AS, most_memory); // a sanitizer's shadow is larger than any limit
  forget_endings();
  ::dup2(printed, STDOUT_FILENO), ::dup2(printed, STDERR_FILENO);
  try {
    const CheckAnswer answer = work([&](const std::string& doing) { put(shared.doing, doing); });
    put(shared.text, answer.text);
    shared.kept = answer.kept;
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

CheckAnswer collect(const Shared& shared, int printed, int status, bool in_time) {
  const std::string doing = get(shared.doing), text = get(shared.text), said = first_printed(printed);
  const std::string about = doing.empty() ? "" : fmt::format(" ({})", doing);
  const std::string also = said.empty() ? "" : fmt::format(", having printed \"{}\"", printable(said, 120));
  if (!in_time) return {false, fmt::format("it did not end in time{}", about)};
  if (!shared.answered)
    return {false, fmt::format("{}{}{}", text.empty() ? ending(status) : text, about, also)};
  if (shared.kept && !said.empty())
    return {false, fmt::format("it printed \"{}\"; what people should know goes into the report, with note()",
                               printable(said, 120))};
  return {shared.kept, text};
}

} // namespace

CheckAnswer in_own_process(std::chrono::milliseconds time,
                           const std::function<CheckAnswer(const CheckProgress&)>& work) {
  void* const at = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const int printed = ::memfd_create("mapscope-printed", MFD_CLOEXEC);
  if (at == MAP_FAILED || printed < 0)
    return {false, fmt::format("no memory to run it in: {}", system_text())};
  auto& shared = *static_cast<Shared*>(at);
  const pid_t pid = ::fork();
  if (pid == 0) child(shared, printed, work);
  CheckAnswer answer{false, fmt::format("no process to run it in: {}", system_text())};
  if (pid > 0) {
    const bool in_time = ends_in_time(pid, time);
    ::kill(-pid, SIGKILL); // and what it started
    int status = 0;
    if (!in_time) ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
    answer = collect(shared, printed, status, in_time);
  }
  ::close(printed);
  ::munmap(at, sizeof(Shared));
  return answer;
}

} // namespace mapscope::plugin
