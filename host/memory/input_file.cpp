// SPDX-License-Identifier: Apache-2.0
#include "host/memory/input_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::memory {

namespace {

std::string_view what_helps(int error) {
  switch (error) {
  case EACCES:
  case EPERM:
    return "; run as a user who may read it";
  case EMFILE:
  case ENFILE:
    return "; let more files be open at a time (ulimit -n)";
  case ENOENT:
  case ENOTDIR:
    return "; check the path";
  default:
    return "";
  }
}

std::unexpected<Error> io_error(const std::string& path, std::string_view what) {
  const int error = errno;
  return fail(Errc::io, fmt::format("{}: {}: {}{}", path, what, std::generic_category().message(error),
                                    what_helps(error)));
}

/// Files of procfs and sysfs are made when they are read; few say a size (/proc/vmcore does).
bool is_made_by_the_kernel(int fd) {
  struct statfs system{};
  return ::fstatfs(fd, &system) == 0 && (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC);
}

} // namespace

bool touches(std::span<const Stretch> stretches, std::uint64_t offset, std::uint64_t size) {
  const auto next = std::ranges::upper_bound(stretches, offset, {}, &Stretch::end);
  return size != 0 && next != stretches.end() && next->begin < offset + size;
}

Result<InputFile> InputFile::open(const std::string& path, std::string_view wanted) {
  InputFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), 0);
  if (file.fd_ < 0) return io_error(path, "cannot open");
  struct stat status{};
  if (::fstat(file.fd_, &status) != 0) return io_error(path, "cannot look at it");
  if (S_ISDIR(status.st_mode)) return fail(Errc::io, path + ": is a directory; give a file in it");
  if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
    return fail(Errc::io,
                fmt::format("{}: is a pipe or a socket, which is read once and in order; save it to a file "
                            "first, and give {}",
                            path, wanted));
  if (!S_ISREG(status.st_mode))
    return fail(Errc::io, fmt::format("{}: is not a regular file; give {}", path, wanted));
  if (status.st_size == 0 && is_made_by_the_kernel(file.fd_))
    return fail(
        Errc::io,
        fmt::format("{}: a file of /proc or /sys that has no size, which is no dump; give {}", path, wanted));
  if (status.st_size == 0)
    return fail(Errc::corrupt, fmt::format("{}: the file is empty; give {}", path, wanted));
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::pair<std::uint64_t, std::uint64_t> InputFile::identity() const {
  struct stat status{};
  if (::fstat(fd_, &status) != 0) return {0, static_cast<std::uint64_t>(fd_)};
  return {status.st_dev, status.st_ino};
}

bool InputFile::read_at(std::uint64_t offset, std::span<std::byte> to) const {
  constexpr std::uint64_t most = std::numeric_limits<off_t>::max();
  if (!lost_.empty() && (offset > most || touches(lost_, offset, to.size()))) return false;
  while (!to.empty()) {
    if (offset > most) return false;
    const ssize_t got = ::pread(fd_, to.data(), to.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    offset += static_cast<std::uint64_t>(got);
    to = to.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

} // namespace mapscope::memory
