// SPDX-License-Identifier: Apache-2.0
#include "host/memory/mapped_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mapscope::memory {

namespace {

/// Closes on every way out but the good one.
struct Descriptor {
  int fd;
  int release() { return std::exchange(fd, -1); }
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

std::unexpected<Error> io_error(const std::string& path, std::string_view what) {
  return fail(Errc::io, fmt::format("{}: {}: {}", path, what, std::generic_category().message(errno)));
}

} // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) return io_error(path, "cannot open");
  struct stat status{};
  if (::fstat(file.fd, &status) != 0) return io_error(path, "cannot look at it");
  if (S_ISDIR(status.st_mode)) return fail(Errc::io, path + ": is a directory; give a file in it");
  if (!S_ISREG(status.st_mode)) return fail(Errc::io, path + ": is not a regular file; give a memory dump");
  if (status.st_size == 0) return fail(Errc::corrupt, path + ": the file is empty; was the dump cut short?");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (at == MAP_FAILED) return io_error(path, "cannot map");
  return MappedFile({static_cast<const std::byte*>(at), size}, file.release());
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), fd_(std::exchange(other.fd_, -1)) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  if (fd_ >= 0) ::close(fd_);
}

std::span<const std::byte> MappedFile::glance(std::span<const std::byte> part,
                                              std::vector<std::byte>& buffer) const {
  if (part.data() < bytes_.data() || part.data() >= bytes_.data() + bytes_.size()) return part; // not its own
  if (buffer.size() < part.size()) buffer.resize(part.size());
  const auto room = std::span(buffer).first(part.size());
  const off_t offset = part.data() - bytes_.data(), end = offset + static_cast<off_t>(part.size());
  const off_t data = ::lseek(fd_, offset, SEEK_DATA); // moves what nobody else looks at
  if (data >= end || (data < 0 && errno == ENXIO)) {
    std::memset(room.data(), 0, room.size());
    return room;
  }
  const ssize_t got = ::pread(fd_, room.data(), room.size(), offset);
  return got > 0 ? std::span<const std::byte>(room).first(static_cast<std::size_t>(got)) : part;
}

} // namespace mapscope::memory
