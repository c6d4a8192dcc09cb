// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/verifier.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mapscope::plugin {

namespace {

constexpr off_t largest_plugin = 64 << 20;
/// include/uapi/linux/memfd.h since 6.3; the C library's headers are older.
constexpr unsigned mfd_noexec_seal = 8;

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int release() { return std::exchange(fd, -1); }
};

std::unexpected<Error> io_error(std::string_view what) {
  return fail(Errc::io, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

/// The file is mapped as a library, never run, and a system may forbid memory files that could be
/// (vm.memfd_noexec = 2). Kernels before 6.3 do not know the flag.
int create_memory_file() {
  const int fd = ::memfd_create("mapscope-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING | mfd_noexec_seal);
  return fd >= 0 || errno != EINVAL ? fd : ::memfd_create("mapscope-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

/// Where the file is at once shorter than it was, errno is 0.
bool copy_bytes(int to, int from, off_t size) {
  for (off_t done = 0; done < size;) {
    errno = 0;
    const ssize_t moved = ::sendfile(to, from, nullptr, static_cast<std::size_t>(size - done));
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return false;
    done += moved;
  }
  return true;
}

Result<off_t> size_of(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return io_error("cannot be looked at");
  if (!S_ISREG(status.st_mode)) return fail(Errc::usage, "is not a regular file");
  if (status.st_size == 0) return fail(Errc::corrupt, "is an empty file");
  if (status.st_size > largest_plugin)
    return fail(Errc::unsupported, fmt::format("has {} bytes, and plugins of more than {} MiB are not read",
                                               status.st_size, largest_plugin >> 20));
  return status.st_size;
}

} // namespace

Result<SealedFile> SealedFile::copy(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file.fd < 0) return io_error("cannot be opened");
  const auto size = size_of(file.fd);
  if (!size) return std::unexpected(size.error());
  Descriptor sealed{create_memory_file()};
  if (sealed.fd < 0) return io_error("cannot be copied, for there is no memory file");
  if (!copy_bytes(sealed.fd, file.fd, *size))
    return errno != 0 ? io_error("cannot be copied into memory")
                      : fail(Errc::io, "became shorter while it was copied");
  if (::fcntl(sealed.fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return io_error("was copied into memory, but the copy cannot be sealed");
  void* at = ::mmap(nullptr, static_cast<std::size_t>(*size), PROT_READ, MAP_PRIVATE, sealed.fd, 0);
  if (at == MAP_FAILED) return io_error("was copied into memory, but the copy cannot be mapped");
  return SealedFile(sealed.release(), {static_cast<const std::byte*>(at), static_cast<std::size_t>(*size)});
}

void SealedFile::discard() {
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  ::close(fd_);
  fd_ = -1, bytes_ = {};
}

} // namespace mapscope::plugin
