// SPDX-License-Identifier: Apache-2.0
// A file opened for reading: what SOURCE names, or what was put together from it.
//
// Refuses: directories, devices and empty files. Reads never move an offset that others share. Thread rule:
// immutable after open(); read_at() from any thread.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mapscope::memory {

class InputFile {
public:
  /// Regular files only. The error's text begins with the file's name, and names what to give.
  static Result<InputFile> open(const std::string& path, std::string_view wanted = "a memory dump");
  /// Takes `fd` over.
  InputFile(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  InputFile(InputFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}
  InputFile& operator=(InputFile&& other) noexcept {
    std::swap(fd_, other.fd_), std::swap(size_, other.size_);
    return *this;
  }
  ~InputFile();

  [[nodiscard]] int fd() const { return fd_; }
  /// As it was when the file was opened.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Device and number: the same for all names of a file.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> identity() const;

  /// Whether all of `to` could be filled.
  [[nodiscard]] bool read_at(std::uint64_t offset, std::span<std::byte> to) const;
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] bool read_at(std::uint64_t offset, T& to) const {
    return read_at(offset, std::as_writable_bytes(std::span(&to, 1)));
  }

private:
  int fd_;
  std::uint64_t size_;
};

} // namespace mapscope::memory
