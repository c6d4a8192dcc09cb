// SPDX-License-Identifier: Apache-2.0
#include "host/memory/search.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace mapscope::memory {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t at_once = 256U << 10; ///< stays in the cache of one CPU

/// Of one stretch of memory, which the source may hold in pieces.
class Search {
public:
  Search(const Source& source, Bytes what, const std::function<bool(std::uint64_t)>& visit)
      : source_(source), what_(what), visit_(visit) {}

  /// False when nothing more is wanted.
  bool stretch(std::uint64_t address, std::uint64_t end) {
    end_of_last_.clear();
    while (address < end) {
      pass_holes(address, end);
      if (address >= end) return true;
      const Bytes piece = source_.glance(address, std::min(end - address, at_once), buffer_);
      if (piece.empty()) { // a hole: on with the next page
        end_of_last_.clear();
        if (end - address <= page - address % page) return true;
        address += page - address % page;
        continue;
      }
      if (!border(address, piece) || !inside(address, piece)) return false;
      keep_end(piece);
      address += piece.size();
    }
    return true;
  }

private:
  /// What is looked for is not all zeros, so no more than its begin lies in a hole.
  void pass_holes(std::uint64_t& address, std::uint64_t end) {
    const std::uint64_t next = source_.behind_holes(address, end);
    if (next - address < what_.size()) return;
    address = next;
    end_of_last_.assign(what_.size() - 1, std::byte{0});
  }

  bool inside(std::uint64_t address, Bytes piece) const {
    for (std::size_t at = 0; at < piece.size(); ++at) {
      const void* const found = ::memmem(piece.data() + at, piece.size() - at, what_.data(), what_.size());
      if (found == nullptr) return true;
      at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - piece.data());
      if (!visit_(address + at)) return false;
    }
    return true;
  }

  /// What begins in the pieces before this one.
  bool border(std::uint64_t address, Bytes piece) {
    if (end_of_last_.empty()) return true;
    const std::size_t kept = end_of_last_.size();
    const Bytes head = piece.first(std::min(piece.size(), what_.size() - 1));
    std::vector<std::byte> both = end_of_last_;
    both.insert(both.end(), head.begin(), head.end());
    return inside(address - kept, both);
  }

  void keep_end(Bytes piece) {
    const std::size_t most = what_.size() - 1;
    const Bytes tail = piece.last(std::min(piece.size(), most));
    end_of_last_.insert(end_of_last_.end(), tail.begin(), tail.end());
    if (end_of_last_.size() > most)
      end_of_last_.erase(end_of_last_.begin(), end_of_last_.end() - static_cast<std::ptrdiff_t>(most));
  }

  const Source& source_;
  Bytes what_;
  const std::function<bool(std::uint64_t)>& visit_;
  std::vector<std::byte> buffer_;
  std::vector<std::byte> end_of_last_; ///< shorter than what is looked for
};

} // namespace

void search(const Source& source, std::span<const std::byte> what, std::uint64_t begin, std::uint64_t end,
            const std::function<bool(std::uint64_t)>& visit) {
  Search one(source, what, visit);
  for (const Segment& segment : source.segments()) {
    const std::uint64_t first = std::max(segment.address, begin),
                        last = std::min(segment.address + segment.present, end);
    if (first < last && !one.stretch(first, last)) return;
  }
}

} // namespace mapscope::memory
