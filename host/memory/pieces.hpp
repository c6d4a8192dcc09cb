// SPDX-License-Identifier: Apache-2.0
// Which bytes of a file stand for which physical addresses.
//
// A dump may describe an address more than once (the kernel's own image and the RAM it lies in, in
// /proc/vmcore). Bytes that are there win over bytes that are not; of two that are there, the run that begins
// at the lower address. Thread rule: immutable after settle().
#pragma once

#include "host/memory/source.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mapscope::memory {

class Pieces {
public:
  /// The target had `size` bytes at `address`, the file holds the first of them. No end may wrap.
  void add(std::uint64_t address, std::uint64_t size, std::span<const std::byte> bytes);
  /// Call once, when all are added and before anything is asked.
  void settle();

  [[nodiscard]] std::span<const Segment> segments() const { return segments_; }
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t address, std::size_t want) const;

private:
  struct Present {
    std::uint64_t address = 0;
    std::span<const std::byte> bytes;
    [[nodiscard]] std::uint64_t end() const { return address + bytes.size(); }
  };
  struct Absent {
    std::uint64_t address = 0, end = 0;
  };
  void cut_overlaps();
  void add_absent(Absent range);
  void join_segments();

  std::vector<Present> present_;
  std::vector<Absent> absent_;
  std::vector<Segment> segments_;
};

} // namespace mapscope::memory
