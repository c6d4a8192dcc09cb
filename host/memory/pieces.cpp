// SPDX-License-Identifier: Apache-2.0
#include "host/memory/pieces.hpp"

#include <algorithm>

namespace mapscope::memory {

void Pieces::add(std::uint64_t address, std::uint64_t size, std::span<const std::byte> bytes) {
  if (!bytes.empty()) present_.push_back({address, bytes});
  if (bytes.size() < size) absent_.push_back({address + bytes.size(), address + size});
}

void Pieces::settle() {
  cut_overlaps();
  for (const Present& piece : present_)
    segments_.push_back({piece.address, piece.bytes.size(), piece.bytes.size()});
  std::ranges::stable_sort(absent_, {}, &Absent::address);
  std::uint64_t covered = 0;
  for (const Absent& range : absent_) {
    add_absent({std::max(range.address, covered), range.end});
    covered = std::max(covered, range.end);
  }
  absent_.clear();
  join_segments();
}

void Pieces::cut_overlaps() {
  std::ranges::stable_sort(present_, {}, &Present::address);
  std::uint64_t covered = 0;
  for (Present& piece : present_) {
    const std::uint64_t twice = covered > piece.address ? covered - piece.address : 0;
    const std::uint64_t cut = std::min<std::uint64_t>(twice, piece.bytes.size());
    piece = {piece.address + cut, piece.bytes.subspan(cut)};
    covered = std::max(covered, piece.end());
  }
  std::erase_if(present_, [](const Present& piece) { return piece.bytes.empty(); });
}

/// What of `range` no piece holds. Ranges come one behind the other, so each piece is met a few times at
/// most.
void Pieces::add_absent(Absent range) {
  auto piece = std::ranges::upper_bound(present_, range.address, {}, &Present::end);
  for (; piece != present_.end() && piece->address < range.end; ++piece) {
    if (range.address < piece->address)
      segments_.push_back({range.address, piece->address - range.address, 0});
    range.address = piece->end();
  }
  if (range.address < range.end) segments_.push_back({range.address, range.end - range.address, 0});
}

void Pieces::join_segments() {
  std::ranges::sort(segments_, {}, &Segment::address);
  std::vector<Segment> joined;
  for (const Segment& segment : segments_) {
    if (segment.present == 0 && !joined.empty() &&
        joined.back().address + joined.back().size == segment.address)
      joined.back().size += segment.size;
    else
      joined.push_back(segment);
  }
  segments_ = std::move(joined);
}

std::span<const std::byte> Pieces::view(std::uint64_t address, std::size_t want) const {
  const auto after = std::ranges::upper_bound(present_, address, {}, &Present::address);
  if (after == present_.begin()) return {};
  const Present& piece = *std::prev(after);
  const std::uint64_t offset = address - piece.address;
  if (offset >= piece.bytes.size()) return {};
  return piece.bytes.subspan(offset, std::min<std::uint64_t>(want, piece.bytes.size() - offset));
}

} // namespace mapscope::memory
