// SPDX-License-Identifier: Apache-2.0
#include "host/memory/unpacked.hpp"

#include "host/base/unlinked.hpp"
#include "host/memory/unlinked_file.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::memory {

namespace {

Result<std::span<const std::byte>> mapped(std::uint64_t size, int flags, int fd) {
  if (size == 0) return std::span<const std::byte>();
  void* const at = ::mmap(nullptr, size, PROT_READ, flags, fd, 0);
  if (at == MAP_FAILED)
    return fail(
        Errc::io,
        fmt::format("cannot map {} unpacked bytes: {}; let the program have more address space (ulimit -v)",
                    size, std::generic_category().message(errno)));
  return std::span(static_cast<const std::byte*>(at), size);
}

void unmap(std::span<const std::byte> bytes) {
  if (!bytes.empty()) ::munmap(const_cast<std::byte*>(bytes.data()), bytes.size());
}

} // namespace

Unpacked::Unpacked() : directory_(directory_for_large_files()), fd_(open_unlinked(directory_)) {
  if (fd_ < 0) error_ = errno;
}

Unpacked::~Unpacked() {
  unmap(mapped_), unmap(zeros_);
  if (fd_ >= 0) ::close(fd_);
}

void Unpacked::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (failed()) return;
  if (const int error = write_all_at(fd_, offset, bytes); error != 0) error_ = error;
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
