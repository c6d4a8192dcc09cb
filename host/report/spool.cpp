// SPDX-License-Identifier: Apache-2.0
#include "host/report/spool.hpp"

#include "host/base/unlinked.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <new>
#include <span>
#include <sys/mman.h>
#include <unistd.h>

namespace mapscope::report {

namespace {

constexpr std::size_t most_of_first = 1U << 20;
constexpr std::size_t most_pieces = 64;
std::atomic<std::size_t> pieces_of_all = 0;

int open_file() {
  std::error_code error;
  const std::string directory = std::filesystem::temp_directory_path(error).string();
  return error ? -1 : open_unlinked(directory);
}

} // namespace

Spool::~Spool() {
  clear();
  if (file_ >= 0) ::close(file_);
}

void Spool::append(std::string_view text) {
  if (!holds_) return to_.append(text);
  if (has_room_ && pieces_.empty() && first_.size() < most_of_first) return (void)first_.append(text);
  while (has_room_ && !text.empty()) {
    if ((pieces_.empty() || pieces_.back().size == Piece::capacity) && !begin_piece()) {
      if (has_room_ = spill(); has_room_) return (void)first_.append(text);
      break;
    }
    text.remove_prefix(pieces_.back().take(text));
  }
  last_.append(text);
}

std::size_t Spool::Piece::take(std::string_view text) {
  const std::size_t taken = text.copy(bytes.get() + size, capacity - size);
  size += taken;
  return taken;
}

/// False where all spools together have what they may.
bool Spool::begin_piece() {
  if (pieces_of_all.fetch_add(1) >= most_pieces) return --pieces_of_all, false;
  pieces_.emplace_back().bytes.reset(
      static_cast<char*>(std::aligned_alloc(Piece::capacity, Piece::capacity)));
  if (!pieces_.back().bytes) throw std::bad_alloc();
  (void)::madvise(pieces_.back().bytes.get(), Piece::capacity, MADV_HUGEPAGE); // or they are small
  return true;
}

/// All of what is held, or nothing of it.
bool Spool::spill() {
  if (file_ < 0) file_ = open_file();
  if (file_ < 0) return false;
  const off_t begin = ::lseek(file_, 0, SEEK_END);
  auto end = static_cast<std::uint64_t>(begin);
  const auto write = [&](std::string_view text) {
    const int error = write_all_at(file_, end, std::as_bytes(std::span(text)));
    end += text.size();
    return error == 0;
  };
  if (!write(first_) || !std::ranges::all_of(pieces_, write, &Piece::text))
    return (void)!::ftruncate(file_, begin), false;
  clear();
  return true;
}

void Spool::clear() {
  first_.clear();
  pieces_of_all -= pieces_.size();
  pieces_.clear();
}

void Spool::let_go() {
  if (!holds_) return;
  holds_ = false;
  if (file_ >= 0) send_file();
  to_.append(first_);
  for (Piece& piece : pieces_) {
    to_.append(piece.text());
    piece.bytes.reset();
  }
  to_.append(last_);
  clear();
  first_ = {}, last_ = {};
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
