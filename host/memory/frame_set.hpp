// SPDX-License-Identifier: Apache-2.0
// Frames of memory by number: a bit for each, as the bitmaps of a dump have them, and how many come before
// one.
//
// Thread rule: immutable after settle().
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>
#include <vector>

namespace mapscope::memory {

/// Words that are 0 at first, and take memory when they are written: a machine's memory may begin far up.
template <class T> struct ZeroedAllocator {
  using value_type = T;
  T* allocate(std::size_t count) {
    void* const words = std::calloc(count, sizeof(T));
    if (words == nullptr) throw std::bad_alloc();
    return static_cast<T*>(words);
  }
  void deallocate(T* words, std::size_t /*count*/) { std::free(words); }
  void construct(T* /*word*/) {} // it is 0
  bool operator==(const ZeroedAllocator&) const = default;
};

class FrameSet {
public:
  FrameSet() = default;
  /// None of `frames`.
  explicit FrameSet(std::uint64_t frames) : frames_(frames), words_((frames + word_bits - 1) / word_bits) {}

  void insert(std::uint64_t frame) { words_[frame / word_bits] |= 1ULL << (frame % word_bits); }
  void erase(std::uint64_t frame) { words_[frame / word_bits] &= ~(1ULL << (frame % word_bits)); }
  /// The bits themselves, eight frames to a byte and the first in the lowest bit. What is written with zeros
  /// takes memory.
  [[nodiscard]] std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(words_)); }
  /// Only those of [begin, end) stay.
  void clip(std::uint64_t begin, std::uint64_t end);
  /// With those of `other`, which is no larger.
  void unite(const FrameSet& other);
  /// Call when all are there and before anything is counted.
  void settle();

  [[nodiscard]] std::uint64_t size() const { return frames_; } ///< one more than the largest there may be
  [[nodiscard]] bool has(std::uint64_t frame) const {
    return frame < frames_ && (words_[frame / word_bits] >> (frame % word_bits) & 1) != 0;
  }
  /// The first from `frame` on that is there, or is not; size() when none is.
  [[nodiscard]] std::uint64_t next(std::uint64_t frame) const { return find(frame, 0); }
  [[nodiscard]] std::uint64_t next_gap(std::uint64_t frame) const { return find(frame, ~0ULL); }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Of those below `frame`, which is not beyond size().
  [[nodiscard]] std::uint64_t before(std::uint64_t frame) const {
    const std::uint64_t word = frame / word_bits, block = word / block_words;
    std::uint64_t sum = before_[block];
    for (std::uint64_t i = block * block_words; i < word; ++i) sum += bits_of(words_[i]);
    const std::uint64_t below = frame % word_bits;
    return below == 0 ? sum : sum + bits_of(words_[word] & ((1ULL << below) - 1));
  }
  /// The frame that `index` others come before; index is below count().
  [[nodiscard]] std::uint64_t nth(std::uint64_t index) const;
  /// How many there are that `other` has not.
  [[nodiscard]] std::uint64_t count_without(const FrameSet& other) const;
  /// Runs of neighbours.
  [[nodiscard]] std::uint64_t runs() const;

private:
  static constexpr std::uint64_t word_bits = 64, block_words = 16;
  static std::uint64_t bits_of(std::uint64_t word) { return static_cast<std::uint64_t>(std::popcount(word)); }
  [[nodiscard]] std::uint64_t find(std::uint64_t frame, std::uint64_t passed) const;

  std::uint64_t frames_ = 0, count_ = 0;
  using Words = std::vector<std::uint64_t, ZeroedAllocator<std::uint64_t>>;
  Words words_;
  Words before_; ///< of each block of words
};

} // namespace mapscope::memory
