// SPDX-License-Identifier: Apache-2.0
#include "host/memory/mapped_file.hpp"

#include <cerrno>
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

Result<MappedFile> MappedFile::of(const std::string& name, const InputFile& file) {
  void* at = ::mmap(nullptr, file.size(), PROT_READ, MAP_PRIVATE, file.fd(), 0);
  if (at == MAP_FAILED)
    return fail(Errc::io, fmt::format("{}: cannot map: {}", name, std::generic_category().message(errno)));
  return MappedFile({static_cast<const std::byte*>(at), file.size()});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

} // namespace mapscope::memory
