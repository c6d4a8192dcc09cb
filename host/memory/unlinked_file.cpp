// SPDX-License-Identifier: Apache-2.0
#include "host/memory/unlinked_file.hpp"

#include "host/base/unlinked.hpp"

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

} // namespace

std::string directory_for_large_files() {
  const char* const wanted = std::getenv("TMPDIR");
  return wanted != nullptr && *wanted != '\0' ? wanted : "/var/tmp";
}

Result<UnlinkedFile> UnlinkedFile::make() {
  if (const int fd = open_unlinked(directory_for_large_files()); fd >= 0) return UnlinkedFile(fd);
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
  return write_all_at(fd_, offset, bytes);
}

} // namespace mapscope::memory
