// SPDX-License-Identifier: Apache-2.0
#include "host/memory/mapped_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <system_error>
#include <utility>

namespace mapscope::memory {

Result<MappedFile> MappedFile::open(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file) return std::unexpected(file.error());
  return of(path, *file);
}

Result<MappedFile> MappedFile::open(const std::string& path, std::string_view wanted, std::uint64_t most) {
  const auto file = InputFile::open(path, wanted);
  if (!file) return std::unexpected(file.error());
  if (file->size() > most)
    return fail(Errc::usage, fmt::format("{}: has {} bytes, and {} has at most {} MiB; give {}", path,
                                         file->size(), wanted, most >> 20, wanted));
  return of(path, *file);
}

Result<MappedFile> MappedFile::of(const std::string& name, const InputFile& file) {
  void* at = ::mmap(nullptr, file.size(), PROT_READ, MAP_PRIVATE, file.fd(), 0);
  if (at == MAP_FAILED)
    return fail(Errc::io,
                fmt::format("{}: cannot map its {} bytes: {}; let the program have more address space "
                            "(ulimit -v)",
                            name, file.size(), std::generic_category().message(errno)));
  const int own = ::fcntl(file.fd(), F_DUPFD_CLOEXEC, 0); // without it glance() goes through the mapping
  return MappedFile({static_cast<const std::byte*>(at), file.size()}, own, file.lost(), name);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), fd_(std::exchange(other.fd_, -1)),
      lost_(std::move(other.lost_)), known_(std::move(other.known_)) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  if (fd_ >= 0) ::close(fd_);
}

std::uint64_t MappedFile::hole_in(std::span<const std::byte> part) const {
  if (part.data() < bytes_.data() || part.data() >= bytes_.data() + bytes_.size()) return 0; // not its own
  const off_t offset = part.data() - bytes_.data(), end = offset + static_cast<off_t>(part.size());
  const off_t data = ::lseek(fd_, offset, SEEK_DATA); // moves what nobody else looks at
  if (data < 0) return errno == ENXIO ? part.size() : 0;
  return static_cast<std::uint64_t>(std::min(data, end) - offset);
}

std::span<const std::byte> MappedFile::glance(std::span<const std::byte> part,
                                              std::vector<std::byte>& buffer) const {
  if (part.data() < bytes_.data() || part.data() >= bytes_.data() + bytes_.size()) return part; // not its own
  if (buffer.size() < part.size()) buffer.resize(part.size());
  const auto room = std::span(buffer).first(part.size());
  if (hole_in(part) == part.size()) {
    std::memset(room.data(), 0, room.size());
    return room;
  }
  const ssize_t got = ::pread(fd_, room.data(), room.size(), part.data() - bytes_.data());
  return got > 0 ? std::span<const std::byte>(room).first(static_cast<std::size_t>(got)) : part;
}

} // namespace mapscope::memory
