// SPDX-License-Identifier: Apache-2.0
#include "host/memory/mapped_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mapscope::memory {

namespace {

/// Closes on every way out; the mapping outlives the descriptor.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

std::unexpected<Error> io_error(const std::string& path, std::string_view what) {
  return fail(Errc::io, fmt::format("{}: {}: {}", path, what, std::generic_category().message(errno)));
}

} // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) return io_error(path, "cannot open");
  struct stat status{};
  if (::fstat(file.fd, &status) != 0) return io_error(path, "cannot look at it");
  if (S_ISDIR(status.st_mode)) return fail(Errc::io, path + ": is a directory; give a file in it");
  if (!S_ISREG(status.st_mode)) return fail(Errc::io, path + ": is not a regular file; give a memory dump");
  if (status.st_size == 0) return fail(Errc::corrupt, path + ": the file is empty; was the dump cut short?");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (at == MAP_FAILED) return io_error(path, "cannot map");
  return MappedFile({static_cast<const std::byte*>(at), size});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

} // namespace mapscope::memory
