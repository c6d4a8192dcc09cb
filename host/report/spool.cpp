// SPDX-License-Identifier: Apache-2.0
#include "host/report/spool.hpp"

#include "host/base/unlinked.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <span>
#include <unistd.h>

namespace mapscope::report {

namespace {

constexpr std::size_t most_in_memory = 1U << 20;

int open_file() {
  std::error_code error;
  const std::string directory = std::filesystem::temp_directory_path(error).string();
  return error ? -1 : open_unlinked(directory);
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
  if (write_all_at(file_, static_cast<std::uint64_t>(end), std::as_bytes(std::span(held_))) != 0)
    return (void)!::ftruncate(file_, end), false;
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
