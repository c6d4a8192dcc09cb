// SPDX-License-Identifier: Apache-2.0
#include "host/memory/unlinked_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mapscope::memory {

namespace {

std::unexpected<Error> failed(std::string_view what, int error) {
  return fail(Errc::io,
              fmt::format("cannot {} a temporary file: {}", what, std::generic_category().message(error)));
}

constexpr mode_t only_mine = 0600;

/// In a directory; -1 when that cannot be. Some file systems (NFS) know no files that never had a name.
int made_in(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, only_mine);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  std::string name = directory + "/mapscope-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

} // namespace

Result<UnlinkedFile> UnlinkedFile::make() {
  const char* wanted = std::getenv("TMPDIR");
  const std::string directory = wanted != nullptr && *wanted != '\0' ? wanted : "/var/tmp";
  if (const int fd = made_in(directory); fd >= 0) return UnlinkedFile(fd);
  return in_memory();
}

Result<UnlinkedFile> UnlinkedFile::in_memory() {
  const int fd = ::memfd_create("mapscope", MFD_CLOEXEC);
  if (fd < 0) return failed("make", errno);
  return UnlinkedFile(fd);
}

UnlinkedFile::UnlinkedFile(UnlinkedFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

UnlinkedFile::~UnlinkedFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<int> UnlinkedFile::open_for_reading() const {
  const int fd = ::open(fmt::format("/proc/self/fd/{}", fd_).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("open", errno);
  return fd;
}

Result<void> UnlinkedFile::resize(std::uint64_t size) const {
  constexpr std::uint64_t most = std::numeric_limits<off_t>::max();
  if (size > most || ::ftruncate(fd_, static_cast<off_t>(size)) != 0)
    return failed("resize", size > most ? EFBIG : errno);
  return {};
}

int UnlinkedFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return put == 0 ? ENOSPC : errno;
    offset += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return 0;
}

} // namespace mapscope::memory
