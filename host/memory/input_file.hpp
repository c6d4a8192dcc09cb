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
#include <vector>

namespace mapscope::memory {

/// Bytes [begin, end) of a file.
struct Stretch {
  std::uint64_t begin = 0, end = 0;
};

/// Whether one of `stretches`, in order and apart, has a byte of [offset, offset + size), which may not wrap.
bool touches(std::span<const Stretch> stretches, std::uint64_t offset, std::uint64_t size);

class InputFile {
public:
  /// Regular files only. The error's text begins with the file's name, and names what to give.
  static Result<InputFile> open(const std::string& path, std::string_view wanted = "a memory dump");
  /// Takes `fd` over.
  InputFile(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  InputFile(InputFile&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), size_(other.size_), lost_(std::move(other.lost_)) {}
  InputFile& operator=(InputFile&& other) noexcept {
    std::swap(fd_, other.fd_), std::swap(size_, other.size_), std::swap(lost_, other.lost_);
    return *this;
  }
  ~InputFile();

  [[nodiscard]] int fd() const { return fd_; }
  /// As it was when the file was opened.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Device and number: the same for all names of a file.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> identity() const;

  /// Stretches that the file was to have and never got, in order and apart; reading fails there.
  void lose(std::vector<Stretch> stretches) { lost_ = std::move(stretches); }
  [[nodiscard]] std::span<const Stretch> lost() const { return lost_; }
  /// Whether all of these bytes lie in it.
  [[nodiscard]] bool holds(std::uint64_t offset, std::uint64_t size) const {
    return offset <= size_ && size <= size_ - offset && !touches(lost_, offset, size);
  }

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
  std::vector<Stretch> lost_;
};

} // namespace mapscope::memory
