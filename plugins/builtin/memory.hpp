// SPDX-License-Identifier: Apache-2.0
// Reads of single members and of text that answer with nothing where the snapshot has a gap, and tables that
// are read in pieces.
#pragma once

#include <mapscope/plugin.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::builtin {

constexpr std::size_t smallest_page = 4096; ///< of all architectures: what is missing is missing by pages

template <class T> std::optional<T> load(Call& call, std::uint64_t address) {
  T value{};
  if (!call.try_read(MSC_KERNEL, address, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
  return value;
}

/// A pointer that is there and not NULL.
inline std::optional<std::uint64_t> follow(Call& call, std::uint64_t address) {
  const auto pointer = load<std::uint64_t>(call, address);
  return pointer.value_or(0) != 0 ? pointer : std::nullopt;
}

/// An array of characters inside a struct, up to its NUL.
template <std::size_t size> std::optional<std::string> load_name(Call& call, std::uint64_t address) {
  const auto bytes = load<std::array<char, size>>(call, address);
  if (!bytes) return std::nullopt;
  return std::string(bytes->begin(), std::find(bytes->begin(), bytes->end(), '\0'));
}

/// Text of its own: no longer than `most`, read up to the NUL page by page.
inline std::optional<std::string> load_text(Call& call, std::uint64_t address, std::size_t most) {
  std::string text;
  while (text.size() < most) {
    const std::uint64_t at = address + text.size();
    std::string piece(std::min<std::size_t>(smallest_page - at % smallest_page, most - text.size()), '\0');
    if (!call.try_read(MSC_KERNEL, at, std::as_writable_bytes(std::span(piece)))) return std::nullopt;
    const std::size_t end = piece.find('\0');
    text += piece.substr(0, end);
    if (end != piece.npos) return text;
  }
  return std::nullopt;
}

inline void emit_name(Call& call, const char* field, const std::optional<std::string>& text) {
  if (text) call.text(field, *text);
}

/// Records side by side, read many at a time. Where a piece cannot be read it is halved down to the pages
/// that are missing, whose records are lost.
class Table {
public:
  Table(Call& call, std::uint64_t base, std::size_t stride, std::uint64_t count)
      : call_(call), base_(base), stride_(stride), count_(count) {
    if (stride == 0 || stride > smallest_page) call.fail("a table with records of an implausible size");
  }

  /// visit(number, bytes); returns how many could not be read. Fails when none could.
  template <class Visit> std::uint64_t for_each(Visit visit) {
    const std::uint64_t step = std::max<std::uint64_t>(1, window / stride_);
    for (std::uint64_t first = 0; first < count_; first += step)
      piece(first, std::min(step, count_ - first), visit);
    if (count_ != 0 && lost_ == count_) throw Stop{MSC_EFAULT};
    return lost_;
  }

private:
  static constexpr std::size_t window = 64 << 10; ///< bytes a read

  template <class Visit> void piece(std::uint64_t first, std::uint64_t count, Visit& visit) {
    const std::uint64_t begin = base_ + first * stride_, last = begin + count * stride_ - 1;
    buffer_.resize(count * stride_);
    if (call_.try_read(MSC_KERNEL, begin, buffer_)) {
      for (std::uint64_t i = 0; i < count; ++i)
        visit(first + i, Bytes(buffer_).subspan(i * stride_, stride_));
    } else if (count == 1 || begin / smallest_page == last / smallest_page) {
      lost_ += count;
    } else {
      piece(first, count / 2, visit);
      piece(first + count / 2, count - count / 2, visit);
    }
  }

  Call& call_;
  std::uint64_t base_;
  std::size_t stride_;
  std::uint64_t count_, lost_ = 0;
  std::vector<std::byte> buffer_;
};

inline std::uint64_t pointer_at(Bytes bytes, std::size_t offset = 0) {
  std::uint64_t pointer = 0;
  if (offset + sizeof pointer <= bytes.size()) std::memcpy(&pointer, bytes.data() + offset, sizeof pointer);
  return pointer;
}

} // namespace mapscope::builtin
