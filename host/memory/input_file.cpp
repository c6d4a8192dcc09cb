// SPDX-License-Identifier: Apache-2.0
#include "host/memory/input_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::memory {

namespace {

std::unexpected<Error> io_error(const std::string& path, std::string_view what) {
  return fail(Errc::io, fmt::format("{}: {}: {}", path, what, std::generic_category().message(errno)));
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
  if (!S_ISREG(status.st_mode))
    return fail(Errc::io, fmt::format("{}: is not a regular file; give {}", path, wanted));
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
