// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/sandbox.hpp"

#include "host/base/descriptors.hpp"
#include "host/base/sanitized.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace mapscope::plugin {

namespace {

constexpr id_t nobody = 65534; // the kernel's own name for an id that is none: overflowuid

std::unexpected<Error> refused(std::string_view what) {
  return fail(Errc::io,
              fmt::format("a worker process cannot {}: {}", what, std::generic_category().message(errno)));
}

Result<void> limit(__rlimit_resource resource, std::uint64_t value, std::string_view what) {
  const rlimit both{value, value};
  if (::setrlimit(resource, &both) != 0) return refused(fmt::format("limit its {}", what));
  return {};
}

/// Bytes of address space in use.
std::uint64_t size_now() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

Result<void> limit_resources(const Confinement& confinement) {
  const std::uint64_t used = size_now();
  if (used == 0) return refused("see how large it is");
  if (!sanitized) { // a shadow is terabytes of address space, and its findings may go to a file
    if (auto done = limit(RLIMIT_AS, used + confinement.memory, "memory"); !done) return done;
    if (auto done = limit(RLIMIT_FSIZE, 0, "files"); !done) return done;
  }
  if (auto done = limit(RLIMIT_CPU, confinement.cpu_seconds, "time"); !done) return done;
  if (auto done = limit(RLIMIT_CORE, 0, "core files"); !done) return done;
  return limit(RLIMIT_NPROC, 0, "processes");
}

Result<void> leave_user() {
  if (::geteuid() != 0) return {};
  if (::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
      ::setresuid(nobody, nobody, nobody) != 0)
    return refused("leave its user");
  return {};
}

} // namespace

/// Without a name in TZ the C library would look again each time.
void keep_time_zone() {
  ::setenv("TZ", ":/etc/localtime", 0);
  ::tzset();
}

Result<void> end_with(pid_t parent) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return refused("end with its parent");
  if (::getppid() != parent) return fail(Errc::io, "the parent of a worker process is gone");
  return {};
}

Result<void> confine(const Confinement& confinement) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("give up new privileges");
  if (auto done = keep_only(confinement.descriptors); !done) return done;
  if (auto done = limit_resources(confinement); !done) return done;
  if (auto done = leave_user(); !done) return done;
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return refused("hide its memory");
  return end_with(confinement.parent); // last: changing the user undoes it
}

} // namespace mapscope::plugin
