// SPDX-License-Identifier: Apache-2.0
#include "host/memory/pieces.hpp"

#include <algorithm>
#include <array>

namespace mapscope::memory {

void Pieces::add(std::uint64_t address, std::uint64_t size, std::span<const std::byte> bytes) {
  if (!bytes.empty()) present_.push_back({address, bytes});
  if (bytes.size() < size) cut_off_.push_back({address + bytes.size(), address + size});
}

void Pieces::lose(std::uint64_t address, std::uint64_t size) {
  if (size != 0) damaged_.push_back({address, address + size});
}

void Pieces::leave_out(std::uint64_t address, std::uint64_t size) {
  if (size != 0) left_out_.push_back({address, address + size});
}

void Pieces::settle() {
  cut_overlaps();
  for (const Present& piece : present_)
    segments_.push_back({piece.address, piece.bytes.size(), piece.bytes.size()});
  Ranges told = present_ranges();
  for (Ranges* ranges : {&damaged_, &cut_off_, &left_out_}) { // of what several say the first counts
    unite(*ranges);
    *ranges = without(*ranges, told);
    told.insert(told.end(), ranges->begin(), ranges->end());
    unite(told);
  }
  for (const Ranges* ranges : {&damaged_, &cut_off_, &left_out_})
    for (const Range& range : *ranges) segments_.push_back({range.address, range.end - range.address, 0});
  join_segments();
}

/// Sorts, and joins what touches.
void Pieces::unite(Ranges& ranges) {
  std::ranges::sort(ranges, {}, &Range::address);
  Ranges joined;
  for (const Range& range : ranges) {
    if (!joined.empty() && range.address <= joined.back().end)
      joined.back().end = std::max(joined.back().end, range.end);
    else
      joined.push_back(range);
  }
  ranges = std::move(joined);
}

/// What of `ranges` is not in `taken`. Both are in order, so each is met once, or a few times.
Pieces::Ranges Pieces::without(const Ranges& ranges, const Ranges& taken) {
  Ranges left;
  for (Range range : ranges) {
    auto cut = std::ranges::upper_bound(taken, range.address, {}, &Range::end);
    for (; cut != taken.end() && cut->address < range.end; ++cut) {
      if (range.address < cut->address) left.push_back({range.address, cut->address});
      range.address = cut->end;
    }
    if (range.address < range.end) left.push_back(range);
  }
  return left;
}

const Pieces::Range* Pieces::find(const Ranges& ranges, std::uint64_t address) {
  const auto after = std::ranges::upper_bound(ranges, address, {}, &Range::address);
  if (after == ranges.begin() || address >= std::prev(after)->end) return nullptr;
  return &*std::prev(after);
}

Pieces::Ranges Pieces::present_ranges() const {
  Ranges ranges;
  for (const Present& piece : present_) ranges.push_back({piece.address, piece.end()});
  unite(ranges);
  return ranges;
}

/// Some pages of what both have: dumps of a kernel repeat its image, and reading all of that takes time.
void Pieces::compare(const Present& one, const Present& other) {
  constexpr std::uint64_t page = 4096, looks = 64;
  constexpr unsigned most = 4096; // pages, of all pieces
  const std::uint64_t begin = std::max(one.address, other.address), end = std::min(one.end(), other.end());
  if (begin >= end) return;
  const auto ours = one.bytes.subspan(begin - one.address, end - begin),
             theirs = other.bytes.subspan(begin - other.address, end - begin);
  if (ours.data() == theirs.data()) return;
  const std::uint64_t step = std::max<std::uint64_t>(1, ours.size() / page / looks) * page;
  for (std::uint64_t at = 0; at < ours.size() && !contradiction_ && compared_ < most;
       at += step, ++compared_) {
    const std::uint64_t size = std::min(page, ours.size() - at);
    if (!std::ranges::equal(ours.subspan(at, size), theirs.subspan(at, size))) contradiction_ = begin + at;
  }
}

void Pieces::cut_overlaps() {
  std::ranges::stable_sort(present_, {}, &Present::address);
  std::uint64_t covered = 0;
  const Present* longest = nullptr; // the one that covers up to there
  for (Present& piece : present_) {
    if (longest != nullptr) compare(*longest, piece);
    if (piece.end() > covered) longest = &piece;
    const std::uint64_t twice = covered > piece.address ? covered - piece.address : 0;
    const std::uint64_t cut = std::min<std::uint64_t>(twice, piece.bytes.size());
    piece = {piece.address + cut, piece.bytes.subspan(cut)};
    covered = std::max(covered, piece.end());
  }
  std::erase_if(present_, [](const Present& piece) { return piece.bytes.empty(); });
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
  const std::uint64_t offset = after == present_.begin() ? 0 : address - std::prev(after)->address;
  if (after != present_.begin() && offset < std::prev(after)->bytes.size())
    return std::prev(after)->bytes.subspan(
        offset, std::min<std::uint64_t>(want, std::prev(after)->bytes.size() - offset));
  const Range* range = left_out_is_zero_ ? find(left_out_, address) : nullptr;
  if (range == nullptr) return {};
  static constexpr std::array<std::byte, 64U << 10> zeros{};
  return std::span(zeros).first(std::min<std::uint64_t>({want, zeros.size(), range->end - address}));
}

Absence Pieces::why_absent(std::uint64_t address) const {
  if (find(damaged_, address) != nullptr) return Absence::damaged;
  if (find(cut_off_, address) != nullptr) return Absence::cut_off;
  return find(left_out_, address) != nullptr ? Absence::left_out : Absence::not_described;
}

std::uint64_t Pieces::left_out_bytes() const {
  std::uint64_t bytes = 0;
  for (const Range& range : left_out_) bytes += range.end - range.address;
  return bytes;
}

} // namespace mapscope::memory
