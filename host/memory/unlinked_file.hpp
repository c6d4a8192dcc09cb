// SPDX-License-Identifier: Apache-2.0
// A temporary file without a name: it goes away with its last descriptor and mapping, whatever ends the
// program.
//
// It lies in $TMPDIR, else in /var/tmp, which is meant for what is large; where that cannot be written to, in
// memory. Refuses: a $TMPDIR that cannot be written to, since whoever names one may have no memory to spare;
// and to be written through a mapping, which a full file system would answer with a signal.
// Thread rule: write_at() from any thread.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mapscope::memory {

/// $TMPDIR, else /var/tmp: large files do not belong where a distribution keeps /tmp in memory.
std::string directory_for_large_files();

class UnlinkedFile {
public:
  static Result<UnlinkedFile> make();
  /// One in memory, whatever there is on disk.
  static Result<UnlinkedFile> in_memory();
  UnlinkedFile(UnlinkedFile&& other) noexcept;
  UnlinkedFile& operator=(UnlinkedFile&&) = delete;
  ~UnlinkedFile();

  [[nodiscard]] int fd() const { return fd_; }
  /// Another descriptor of it, which can only be read: what is mapped through it stays read-only, whatever a
  /// process that inherits the mapping does. The caller closes it.
  [[nodiscard]] Result<int> open_for_reading() const;
  /// Through such a descriptor. The caller unmaps it.
  [[nodiscard]] Result<const std::byte*> map_read_only(std::uint64_t size) const;
  [[nodiscard]] Result<void> resize(std::uint64_t size) const;
  /// 0, or the error of write(2): ENOSPC where the file system is full.
  [[nodiscard]] int write_at(std::uint64_t offset, std::span<const std::byte> bytes) const;

private:
  explicit UnlinkedFile(int fd) : fd_(fd) {}
  int fd_;
};

} // namespace mapscope::memory
