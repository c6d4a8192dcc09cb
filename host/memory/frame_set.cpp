// SPDX-License-Identifier: Apache-2.0
#include "host/memory/frame_set.hpp"

#include <algorithm>

namespace mapscope::memory {

void FrameSet::clip(std::uint64_t begin, std::uint64_t end) {
  end = std::min(end, frames_), begin = std::min(begin, end);
  for (std::uint64_t i = 0; i < words_.size(); ++i) {
    const std::uint64_t first = i * word_bits;
    if (words_[i] == 0) continue; // and stays without memory
    if (first + word_bits <= begin || first >= end) words_[i] = 0;
    if (first < begin && begin < first + word_bits) words_[i] &= ~0ULL << (begin - first);
    if (first < end && end < first + word_bits) words_[i] &= (1ULL << (end - first)) - 1;
  }
}

void FrameSet::unite(const FrameSet& other) {
  for (std::uint64_t i = 0; i < std::min(words_.size(), other.words_.size()); ++i)
    if (other.words_[i] != 0) words_[i] |= other.words_[i];
}

void FrameSet::settle() {
  if (const std::uint64_t rest = frames_ % word_bits; rest != 0) words_.back() &= (1ULL << rest) - 1;
  count_ = 0;
  before_ = Words(words_.size() / block_words + 1); // before(size()) is asked for, too
  for (std::uint64_t i = 0; i <= words_.size(); ++i) {
    if (i % block_words == 0 && count_ != 0) before_[i / block_words] = count_;
    if (i < words_.size() && words_[i] != 0) count_ += bits_of(words_[i]);
  }
}

std::uint64_t FrameSet::find(std::uint64_t frame, std::uint64_t passed) const {
  if (frame >= frames_) return frames_;
  std::uint64_t word = frame / word_bits, left = (words_[word] ^ passed) & (~0ULL << (frame % word_bits));
  while (left == 0 && ++word < words_.size()) left = words_[word] ^ passed;
  if (left == 0) return frames_;
  return std::min(frames_, word * word_bits + static_cast<std::uint64_t>(std::countr_zero(left)));
}

std::uint64_t FrameSet::nth(std::uint64_t index) const {
  const auto block = std::prev(std::ranges::upper_bound(before_, index));
  std::uint64_t left = index - *block;
  auto word = static_cast<std::uint64_t>(block - before_.begin()) * block_words;
  for (; left >= bits_of(words_[word]); ++word) left -= bits_of(words_[word]);
  std::uint64_t bits = words_[word];
  for (; left != 0; --left) bits &= bits - 1;
  return word * word_bits + static_cast<std::uint64_t>(std::countr_zero(bits));
}

std::uint64_t FrameSet::count_without(const FrameSet& other) const {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < words_.size(); ++i)
    sum += bits_of(words_[i] & ~(i < other.words_.size() ? other.words_[i] : 0));
  return sum;
}

std::uint64_t FrameSet::runs() const {
  std::uint64_t sum = 0, last = 0;
  for (const std::uint64_t word : words_) {
    sum += bits_of(word & ~(word << 1 | last));
    last = word >> (word_bits - 1);
  }
  return sum;
}

} // namespace mapscope::memory
