// SPDX-License-Identifier: Apache-2.0
// A whole file mapped read-only.
//
// Thread rule: immutable after open(). A file that is cut while it is mapped faults its reader; nothing can
// prevent that short of copying it.
#pragma once

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

  /// `part` of bytes() for who looks at it once: read into `buffer`, since the first touch of each page of a
  /// mapping costs more than copying it. Zeros where the file has holes.
  [[nodiscard]] std::span<const std::byte> glance(std::span<const std::byte> part,
                                                  std::vector<std::byte>& buffer) const;

private:
  MappedFile(std::span<const std::byte> bytes, int fd) : bytes_(bytes), fd_(fd) {}
  std::span<const std::byte> bytes_;
  int fd_;
};

} // namespace mapscope::memory
