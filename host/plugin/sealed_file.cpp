// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verifier.hpp"

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

constexpr off_t largest_plugin = 256 << 20;

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

bool copy_all(int to, int from, off_t size) {
  for (off_t done = 0; done < size;) {
    const ssize_t moved = ::sendfile(to, from, nullptr, static_cast<std::size_t>(size - done));
    if (moved <= 0) return false;
    done += moved;
  }
  return true;
}

} // namespace

Result<SealedFile> SealedFile::copy(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file.fd < 0) return io_error("cannot be opened");
  struct stat status{};
  if (::fstat(file.fd, &status) != 0) return io_error("cannot be looked at");
  if (!S_ISREG(status.st_mode)) return fail(Errc::usage, "not a regular file");
  if (status.st_size == 0) return fail(Errc::corrupt, "an empty file");
  if (status.st_size > largest_plugin) return fail(Errc::corrupt, "a file of more than 256 MiB");
  Descriptor sealed{::memfd_create("mapscope-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (sealed.fd < 0 || !copy_all(sealed.fd, file.fd, status.st_size))
    return io_error("cannot be copied into memory");
  if (::fcntl(sealed.fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return io_error("its copy cannot be sealed");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, sealed.fd, 0);
  if (at == MAP_FAILED) return io_error("its copy cannot be mapped");
  return SealedFile(sealed.release(), {static_cast<const std::byte*>(at), size});
}

} // namespace mapscope::plugin
