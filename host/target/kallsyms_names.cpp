// SPDX-License-Identifier: Apache-2.0
#include "host/target/kallsyms_names.hpp"

#include "host/base/checked.hpp"

namespace mapscope::target {

KallsymsNames::KallsymsNames(std::span<const std::byte> bytes, std::uint32_t count, bool ends_at_tokens)
    : bytes_(bytes), count_(count) {
  blocks_.resize((count + block - 1) / block);
  if (ends_at_tokens) find_markers();
  split();
}

std::span<const std::byte> KallsymsNames::next(std::size_t& at) const {
  const std::size_t past = bytes_.size() + 1;
  if (at >= bytes_.size()) return at = past, std::span<const std::byte>{};
  std::size_t length = static_cast<std::size_t>(bytes_[at++]);
  if ((length & 0x80) != 0 && at < bytes_.size()) // two-byte lengths since 6.1
    length = (length & 0x7f) | static_cast<std::size_t>(bytes_[at++]) << 7;
  if (length > bytes_.size() - at) return at = past, std::span<const std::byte>{};
  const auto codes = bytes_.subspan(at, length);
  at += length;
  return codes;
}

std::size_t KallsymsNames::behind_block(std::size_t at) const {
  for (std::uint32_t i = 0; i < block && at <= bytes_.size(); ++i) (void)next(at);
  return at;
}

std::size_t KallsymsNames::marker(std::size_t index) const {
  return load_at<std::uint32_t>(bytes_, markers_at_ + index * sizeof(std::uint32_t)).value_or(0);
}

/// The first is 0, or these are the same markers read from a few bytes on; and of some blocks spread over the
/// table most end where the next marker says.
bool KallsymsNames::are_markers(std::size_t at) const {
  constexpr std::size_t samples = 8;
  const auto marker_at = [&](std::size_t index) {
    return load_at<std::uint32_t>(bytes_, at + index * sizeof(std::uint32_t)).value_or(0);
  };
  const std::size_t blocks = blocks_.size() - 1; // of the last one nothing says where it ends
  if (marker_at(0) != 0) return false;
  std::size_t right = 0, asked = 0;
  for (; asked < std::min(samples, blocks); ++asked) {
    const std::size_t k = asked * blocks / std::min(samples, blocks);
    const std::size_t begin = marker_at(k);
    if (begin < at && behind_block(begin) == marker_at(k + 1)) ++right;
  }
  return asked != 0 && right * 2 > asked;
}

/// They lie between the names and the tokens: right in front of these, or, from 6.2 to 6.3 and in 6.1.y, with
/// kallsyms_seqs_of_names (three bytes to a symbol) between. Tables are aligned to at most 8 bytes.
void KallsymsNames::find_markers() {
  const std::size_t size = blocks_.size() * sizeof(std::uint32_t), seqs = std::size_t{count_} * 3;
  if (blocks_.size() < 2) return;
  for (const std::size_t behind : {size, size + seqs})
    for (std::size_t more = 0; more < 24; ++more) { // up to two gaps
      if (behind + more >= bytes_.size()) continue;
      const std::size_t at = bytes_.size() - behind - more;
      if (!are_markers(at)) continue;
      markers_at_ = at;
      return;
    }
}

/// Up to a record of no length, which there is none: what fills the gap in front of the markers, or the first
/// of these, begins with a 0.
KallsymsNames::Walk KallsymsNames::walk() const {
  Walk walk;
  while (walk.end < bytes_.size() && bytes_[walk.end] != std::byte{}) {
    if (walk.count % block == 0) walk.begins.push_back(walk.end);
    (void)next(walk.end);
    ++walk.count;
  }
  return walk;
}

/// Most of them say what was walked, and behind them come the tokens, or kallsyms_seqs_of_names and these.
bool KallsymsNames::are_markers_of(const Walk& walk, std::size_t at) const {
  constexpr std::size_t most_gap = 16;
  const std::size_t end = at + walk.begins.size() * sizeof(std::uint32_t), seqs = std::size_t{walk.count} * 3;
  if (walk.count == 0 || end > bytes_.size()) return false;
  const std::size_t behind = bytes_.size() - end;
  if (behind >= most_gap && (behind < seqs || behind - seqs >= most_gap)) return false;
  std::size_t right = 0;
  for (std::size_t k = 0; k < walk.begins.size(); ++k)
    right += load_at<std::uint32_t>(bytes_, at + k * sizeof(std::uint32_t)) == walk.begins[k] ? 1 : 0;
  return right * 2 > walk.begins.size();
}

std::optional<std::uint32_t> KallsymsNames::counted(std::span<const std::byte> bytes) {
  KallsymsNames names;
  names.bytes_ = bytes;
  const Walk walk = names.walk();
  for (std::size_t gap = 0; gap < 8; ++gap)
    if (names.are_markers_of(walk, walk.end + gap)) return walk.count;
  return std::nullopt;
}

void KallsymsNames::split() {
  std::size_t at = 0;
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    blocks_[k].begin = at;
    const std::size_t end = behind_block(at);
    if (k + 1 == blocks_.size() || markers_at_ == 0 || end == marker(k + 1)) {
      at = end;
      continue;
    }
    // Either a record of this block is damaged or that marker is: then the walk arrives at the one behind.
    const bool marker_is_damaged = k + 2 < blocks_.size() && behind_block(end) == marker(k + 2);
    blocks_[k].sound = marker_is_damaged;
    at = marker_is_damaged ? end : marker(k + 1);
  }
}

std::uint32_t KallsymsNames::left_out() const {
  std::uint32_t records = 0;
  for (std::size_t k = 0; k < blocks_.size(); ++k)
    if (!blocks_[k].sound) records += std::min(block, count_ - static_cast<std::uint32_t>(k) * block);
  return records;
}

} // namespace mapscope::target
