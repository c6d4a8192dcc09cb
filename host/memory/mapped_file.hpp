// SPDX-License-Identifier: Apache-2.0
// A whole file mapped read-only.
//
// Thread rule: immutable after open(). A file that is cut while it is mapped faults its reader; nothing can
// prevent that short of copying it, so whoever handles the fault knows of the mapping.
#pragma once

#include "host/base/mappings.hpp"
#include "host/memory/input_file.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::memory {

class MappedFile {
public:
  /// Regular files only. The error's text begins with the file's name.
  static Result<MappedFile> open(const std::string& path);
  /// The same of a file that will be read to its end: of more than `most` bytes it is refused. `wanted` is
  /// what it should be: "a System.map".
  static Result<MappedFile> open(const std::string& path, std::string_view wanted, std::uint64_t most);
  /// The mapping outlives `file`; errors begin with `name`.
  static Result<MappedFile> of(const std::string& name, const InputFile& file);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  /// Of these what the file was to have and never got (InputFile::lost()); they read as zeros.
  [[nodiscard]] std::span<const Stretch> lost() const { return lost_; }

  /// `part` of bytes() for who looks at it once: read into `buffer`, since the first touch of each page of a
  /// mapping costs more than copying it. Zeros where the file has holes.
  [[nodiscard]] std::span<const std::byte> glance(std::span<const std::byte> part,
                                                  std::vector<std::byte>& buffer) const;
  /// How many bytes at the begin of `part` lie in a hole of the file, and so are zeros.
  [[nodiscard]] std::uint64_t hole_in(std::span<const std::byte> part) const;

private:
  MappedFile(std::span<const std::byte> bytes, int fd, std::span<const Stretch> lost, const std::string& name)
      : bytes_(bytes), fd_(fd), lost_(lost.begin(), lost.end()), known_(bytes, fd, name) {}
  std::span<const std::byte> bytes_;
  int fd_;
  std::vector<Stretch> lost_;
  KnownMapping known_;
};

} // namespace mapscope::memory
