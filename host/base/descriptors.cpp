// SPDX-License-Identifier: Apache-2.0
#include "host/base/descriptors.hpp"

#include "host/base/sanitized.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace mapscope {

namespace {

std::unexpected<Error> refused(std::string_view what) {
  return fail(Errc::io,
              fmt::format("a worker process cannot {}: {}", what, std::generic_category().message(errno)));
}

} // namespace

Result<void> leave_terminal() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  constexpr int last = sanitized ? STDOUT_FILENO : STDERR_FILENO; // where sanitizers report
  for (int fd = 0; fd <= last; ++fd)
    if (null < 0 || ::dup2(null, fd) < 0) return refused("leave the terminal");
  return {};
}

Result<void> keep_only(std::span<const int> descriptors) {
  std::vector<int> kept(descriptors.begin(), descriptors.end());
  std::ranges::sort(kept);
  int from = STDERR_FILENO + 1;
  for (const int fd : kept) {
    if (fd < from) continue;
    if (fd > from && ::close_range(static_cast<unsigned>(from), static_cast<unsigned>(fd) - 1, 0) != 0)
      return refused("close what it does not need");
    from = fd + 1;
  }
  if (::close_range(static_cast<unsigned>(from), ~0U, 0) != 0) return refused("close what it does not need");
  return {};
}

} // namespace mapscope
