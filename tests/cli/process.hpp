// SPDX-License-Identifier: Apache-2.0
// mapscope while it works: held up in the middle of a report by a plugin that never ends, with a worker
// process and an unfinished file. What it leaves behind becomes a child of the test.
#pragma once

#include "tests/cli/hostile_dump.hpp"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <sys/resource.h>
#include <unistd.h>

namespace mapscope::cli_test {

/// The program with standard output `out` (-1 = nowhere) and standard error in a file of `scratch`.
class Started {
public:
  using Prepare = std::function<void()>;

  Started(
      const Scratch& scratch, const Words& words, int out = -1, const Prepare& prepare = [] {})
      : err_((scratch / "err").string()) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    std::vector<char*> argv = {const_cast<char*>(MAPSCOPE_PROGRAM)};
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::setpgid(0, 0);
    ::alarm(60); // outlives exec
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const int to = out >= 0 ? out : ::open("/dev/null", O_WRONLY);
    const int err = ::open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ::dup2(to, STDOUT_FILENO), ::dup2(err, STDERR_FILENO);
    prepare();
    ::execv(MAPSCOPE_PROGRAM, argv.data());
    ::_exit(127);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// The wait status, after every process that came from it has ended, too.
  int wait() const {
    int status = 0, of_another = 0;
    ::waitpid(pid_, &status, 0);
    while (::waitpid(-1, &of_another, 0) > 0) { // hangs, and is ended by the test's time, when one does not
    }
    return status;
  }

  [[nodiscard]] std::string err() const { return test::read_file(err_); }

private:
  std::string err_;
  pid_t pid_ = -1;
};

/// A report that is never done: after so many rows its plugin goes round in circles, in a process of its own.
inline Words endless_dump(const Scratch& scratch, unsigned rows = 0) {
  fs::create_directory(scratch / "plugins");
  fs::copy_file(fs::path(HOSTILE_PLUGINS) / "hostile.so", scratch / "plugins" / "hostile.so");
  return and_also({"dump", scratch.file("core", tiny_core({"victim"})), "-j", "--limit", "0", "--plugin-dir",
                   (scratch / "plugins").string(), "--set", "plugins.deny=[\"mapscope.builtin.*\"]"},
                  and_also(mode_is("endless_loop", rows), {"--set", "budget.ms=86400000"}));
}

/// Nothing to wait for in less than that is worth a test.
inline bool until(const std::function<bool()>& is_so) {
  for (int ms = 0; ms < 60'000; ++ms) {
    if (is_so()) return true;
    ::usleep(1000);
  }
  return false;
}

inline bool has_worker(pid_t of) {
  const auto parent_of = [](const std::string& pid) {
    const std::string stat = test::read_file(fs::path("/proc") / pid / "stat");
    const auto name_end = stat.rfind(')'); // "12 (name) S 11 ..."
    return name_end == stat.npos ? 0 : std::atoi(stat.c_str() + name_end + 3);
  };
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != pid.npos) continue;
    if (test::read_file(entry.path() / "comm") == "mapscope-worker\n" &&
        parent_of(std::to_string(parent_of(pid))) == of)
      return true;
  }
  return false;
}

/// Names that begin with "report": the report, and what is to become it.
inline std::vector<std::string> reports_in(const Scratch& scratch) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(scratch.path()))
    if (entry.path().filename().string().starts_with("report")) names.push_back(entry.path().filename());
  return names;
}

} // namespace mapscope::cli_test
