// SPDX-License-Identifier: Apache-2.0
#include "host/report/spool.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace mapscope::report {

namespace {

constexpr std::size_t most_in_memory = 1U << 20;

/// Nobody else finds it, and it is gone with the process.
int open_file() {
  std::error_code error;
  const std::string directory = std::filesystem::temp_directory_path(error).string();
  if (error) return -1;
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  if (fd >= 0) return fd;
  std::string name = directory + "/mapscope.XXXXXX"; // not every file system has files without names
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

} // namespace

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
}

void Spool::append(std::string_view text) {
  if (!holds_) return to_.append(text);
  held_ += text;
  if (held_.size() >= most_in_memory && has_room_) has_room_ = spill();
}

/// All of what is held, or nothing of it.
bool Spool::spill() {
  if (file_ < 0) file_ = open_file();
  if (file_ < 0) return false;
  const off_t end = ::lseek(file_, 0, SEEK_END);
  if (!write_all(file_, held_)) return (void)!::ftruncate(file_, end), false;
  held_.clear();
  return true;
}

void Spool::let_go() {
  if (!holds_) return;
  holds_ = false;
  if (file_ >= 0) send_file();
  to_.append(held_);
  held_ = {};
}

void Spool::send_file() {
  std::array<char, 64U << 10> piece;
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(file_, piece.data(), piece.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    to_.append({piece.data(), static_cast<std::size_t>(got)});
    at += got;
  }
  ::close(file_);
  file_ = -1;
}

} // namespace mapscope::report
