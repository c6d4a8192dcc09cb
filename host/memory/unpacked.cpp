// SPDX-License-Identifier: Apache-2.0
#include "host/memory/unpacked.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::memory {

namespace {

/// Large files do not belong where a distribution keeps /tmp in memory.
std::string directory_for_large_files() {
  const char* const wanted = std::getenv("TMPDIR");
  return wanted != nullptr && *wanted != '\0' ? wanted : "/var/tmp";
}

int open_unnamed(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  if (fd >= 0) return fd;
  std::string name = directory + "/mapscope.XXXXXX"; // not every file system has files without names
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

Result<std::span<const std::byte>> mapped(std::uint64_t size, int flags, int fd) {
  if (size == 0) return std::span<const std::byte>();
  void* const at = ::mmap(nullptr, size, PROT_READ, flags, fd, 0);
  if (at == MAP_FAILED)
    return fail(Errc::io, fmt::format("cannot map {} unpacked bytes: {}", size,
                                      std::generic_category().message(errno)));
  return std::span(static_cast<const std::byte*>(at), size);
}

void unmap(std::span<const std::byte> bytes) {
  if (!bytes.empty()) ::munmap(const_cast<std::byte*>(bytes.data()), bytes.size());
}

} // namespace

Unpacked::Unpacked() : directory_(directory_for_large_files()), fd_(open_unnamed(directory_)) {
  if (fd_ < 0) error_ = errno;
}

Unpacked::~Unpacked() {
  unmap(mapped_), unmap(zeros_);
  if (fd_ >= 0) ::close(fd_);
}

void Unpacked::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty() && !failed()) {
    const ssize_t done = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      error_ = done < 0 ? errno : ENOSPC;
      return;
    }
    offset += static_cast<std::uint64_t>(done);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
}

std::unexpected<Error> Unpacked::failure() const {
  return fail(Errc::io, fmt::format("cannot be unpacked into {}: {}; let TMPDIR name a directory with room "
                                    "for the machine's memory",
                                    directory_, std::generic_category().message(error_)));
}

Result<std::span<const std::byte>> Unpacked::map(std::uint64_t size) {
  if (failed()) return failure();
  auto bytes = mapped(size, MAP_SHARED, fd_);
  if (bytes) mapped_ = *bytes;
  return bytes;
}

Result<std::span<const std::byte>> Unpacked::zeros(std::uint64_t size) {
  auto bytes = mapped(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  if (bytes) zeros_ = *bytes;
  return bytes;
}

} // namespace mapscope::memory
