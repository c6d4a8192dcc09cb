// SPDX-License-Identifier: Apache-2.0
#include "host/memory/unlinked_file.hpp"

#include "host/base/unlinked.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mapscope::memory {

namespace {

/// Beside a directory with room.
std::string_view what_helps(int error) {
  switch (error) {
  case EMFILE:
  case ENFILE:
    return "; let more files be open at a time (ulimit -n)";
  case EFBIG:
    return "; let files be as large as the machine's memory (ulimit -f)";
  default:
    return "; let TMPDIR name a directory with room for the machine's memory";
  }
}

std::unexpected<Error> failed(std::string_view what, int error) {
  return fail(Errc::io, fmt::format("cannot {}: {}{}", what, std::generic_category().message(error),
                                    what_helps(error)));
}

std::optional<std::string> named_directory() {
  const char* const wanted = std::getenv("TMPDIR");
  if (wanted == nullptr || *wanted == '\0') return std::nullopt;
  return wanted;
}

} // namespace

std::string directory_for_large_files() { return named_directory().value_or("/var/tmp"); }

Result<UnlinkedFile> UnlinkedFile::make() {
  const std::string directory = directory_for_large_files();
  if (const int fd = open_unlinked(directory); fd >= 0) return UnlinkedFile(fd);
  if (named_directory()) return failed(fmt::format("make a temporary file in {} (TMPDIR)", directory), errno);
  return in_memory();
}

Result<UnlinkedFile> UnlinkedFile::in_memory() {
  const int fd = ::memfd_create("mapscope", MFD_CLOEXEC);
  if (fd < 0) return failed("make a temporary file", errno);
  return UnlinkedFile(fd);
}

UnlinkedFile::UnlinkedFile(UnlinkedFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

UnlinkedFile::~UnlinkedFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<int> UnlinkedFile::open_for_reading() const {
  const int fd = ::open(fmt::format("/proc/self/fd/{}", fd_).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("open a temporary file", errno);
  return fd;
}

Result<const std::byte*> UnlinkedFile::map_read_only(std::uint64_t size) const {
  const auto fd = open_for_reading();
  if (!fd) return std::unexpected(fd.error());
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_NORESERVE, *fd, 0);
  const int error = errno;
  ::close(*fd);
  if (at == MAP_FAILED)
    return fail(Errc::io,
                fmt::format("cannot map {} bytes of pages: {}; let the program have more address space "
                            "(ulimit -v)",
                            size, std::generic_category().message(error)));
  return static_cast<const std::byte*>(at);
}

Result<void> UnlinkedFile::resize(std::uint64_t size) const {
  constexpr std::uint64_t most = std::numeric_limits<off_t>::max();
  if (size > most || ::ftruncate(fd_, static_cast<off_t>(size)) != 0)
    return failed("resize a temporary file", size > most ? EFBIG : errno);
  return {};
}

int UnlinkedFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) const {
  return write_all_at(fd_, offset, bytes);
}

} // namespace mapscope::memory
