// SPDX-License-Identifier: Apache-2.0
// The system calls that are left to a plugin.
#include "host/plugin/worker/sandbox.hpp"

#include "host/base/sanitized.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <initializer_list>
#include <memory>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

// What an argument of a call must be.
scmp_arg_cmp equal(unsigned argument, scmp_datum_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }
scmp_arg_cmp masked(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

/// One filter being written; the first failure stays.
class Filter {
public:
  Filter() : context_(::seccomp_init(SCMP_ACT_TRAP), ::seccomp_release) {
    if (!context_) error_ = -ENOMEM;
  }

  void allow(std::initializer_list<int> calls) {
    for (const int call : calls) allow(call, {});
  }
  void allow(int call, std::initializer_list<scmp_arg_cmp> conditions) {
    if (error_ == 0)
      error_ = ::seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW, call,
                                        static_cast<unsigned>(conditions.size()), conditions.begin());
  }
  /// Calls that fail, and are no reason to end.
  void refuse(std::initializer_list<int> calls) {
    for (const int call : calls)
      if (error_ == 0)
        error_ = ::seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(EPERM), call, 0, nullptr);
  }
  Result<void> load() {
    if (error_ == 0) error_ = ::seccomp_load(context_.get());
    if (error_ == 0) return {};
    return fail(Errc::unsupported, fmt::format("a worker process cannot restrict its system calls: {}",
                                               std::generic_category().message(-error_)));
  }

private:
  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int error_ = 0;
};

/// Memory, what is open, clocks, and the end; abort() sends a signal to itself.
void allow_computing(Filter& filter) {
  const auto self = static_cast<scmp_datum_t>(::getpid());
  filter.allow({SCMP_SYS(read),
                SCMP_SYS(write),
                SCMP_SYS(writev), // the C library's last words before abort()
                SCMP_SYS(munmap),
                SCMP_SYS(mremap),
                SCMP_SYS(brk),
                SCMP_SYS(madvise),
                SCMP_SYS(futex),
                SCMP_SYS(clock_gettime),
                SCMP_SYS(gettimeofday),
                SCMP_SYS(time),
                SCMP_SYS(exit),
                SCMP_SYS(exit_group),
                SCMP_SYS(rt_sigreturn),
                SCMP_SYS(rt_sigprocmask),
                SCMP_SYS(getpid),
                SCMP_SYS(gettid),
                SCMP_SYS(sched_yield),
                SCMP_SYS(getrandom),
                SCMP_SYS(restart_syscall),
                SCMP_SYS(sysinfo)}); // qsort() asks how much memory there is
  filter.allow(SCMP_SYS(tgkill), {equal(0, self), equal(2, SIGABRT)});
  if (sanitized) // what the runtimes need to look at memory and to say what they found
    filter.allow({SCMP_SYS(sigaltstack), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getrusage),
                  SCMP_SYS(rt_sigaction), SCMP_SYS(pipe2), SCMP_SYS(pipe), SCMP_SYS(close)});
}

constexpr scmp_datum_t executable = PROT_EXEC;

} // namespace

Result<void> allow_loading() {
  Filter filter;
  allow_computing(filter);
  filter.allow({SCMP_SYS(pread64), SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(close), SCMP_SYS(fstat),
                SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(lseek),
                SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(access), SCMP_SYS(faccessat),
                SCMP_SYS(faccessat2), SCMP_SYS(getcwd), SCMP_SYS(seccomp)});
  // Libraries that a plugin needs are looked for; a descriptor that cannot be written to harms nobody.
  filter.allow(SCMP_SYS(openat), {masked(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)});
  filter.allow(SCMP_SYS(open), {masked(1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)});
  for (const scmp_datum_t option : {PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP})
    filter.allow(SCMP_SYS(prctl), {equal(0, option)});
  return filter.load();
}

Result<void> allow_rendering(std::span<const int> readable) {
  Filter filter;
  allow_computing(filter);
  for (const int fd : readable) filter.allow(SCMP_SYS(pread64), {equal(0, static_cast<scmp_datum_t>(fd))});
  filter.allow(SCMP_SYS(mmap), {masked(2, executable, 0)});
  filter.allow(SCMP_SYS(mprotect), {masked(2, executable, 0)});
  filter.refuse({SCMP_SYS(fstat), SCMP_SYS(newfstatat)}); // of printf(), which then does without
  return filter.load();
}

/// A library that looks for files beside the one that it was given does without them.
Result<void> allow_parsing() {
  Filter filter;
  allow_computing(filter);
  filter.allow(SCMP_SYS(mmap), {masked(2, executable, 0)});
  filter.refuse({SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(open),
                 SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(getcwd)});
  if (!sanitized) filter.refuse({SCMP_SYS(readlink), SCMP_SYS(readlinkat)}); // which their runtimes may call
  return filter.load();
}

} // namespace mapscope::plugin
