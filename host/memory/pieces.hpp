// SPDX-License-Identifier: Apache-2.0
// Which bytes of a file stand for which physical addresses.
//
// A dump may describe an address more than once (the kernel's own image and the RAM it lies in, in
// /proc/vmcore). Bytes that are there win over bytes that are not; of two that are there, the run that begins
// at the lower address. What one part of the file leaves out and another lost is lost. Thread rule: immutable
// after settle().
#pragma once

#include "host/memory/source.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mapscope::memory {

class Pieces {
public:
  explicit Pieces(bool left_out_is_zero = false) : left_out_is_zero_(left_out_is_zero) {}

  /// The file promises `size` bytes at `address` and holds the first of them. No end may wrap.
  void add(std::uint64_t address, std::uint64_t size, std::span<const std::byte> bytes);
  /// The file had these, and they are lost or damaged. No end may wrap.
  void lose(std::uint64_t address, std::uint64_t size);
  /// The target had these, the file does not promise them. No end may wrap.
  void leave_out(std::uint64_t address, std::uint64_t size);
  /// Call once, when all are added and before anything is asked.
  void settle();

  [[nodiscard]] std::span<const Segment> segments() const { return segments_; }
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t address, std::size_t want) const;
  [[nodiscard]] Absence why_absent(std::uint64_t address) const;
  [[nodiscard]] std::uint64_t left_out_bytes() const;
  /// The first address found for which two runs have different bytes; not every byte is compared.
  [[nodiscard]] std::optional<std::uint64_t> contradiction() const { return contradiction_; }

private:
  struct Present {
    std::uint64_t address = 0;
    std::span<const std::byte> bytes;
    [[nodiscard]] std::uint64_t end() const { return address + bytes.size(); }
  };
  struct Range {
    std::uint64_t address = 0, end = 0;
  };
  using Ranges = std::vector<Range>; ///< once settled in order, none touching another
  static void unite(Ranges& ranges);
  static Ranges without(const Ranges& ranges, const Ranges& taken);
  static const Range* find(const Ranges& ranges, std::uint64_t address);
  void cut_overlaps();
  void compare(const Present& one, const Present& other);
  [[nodiscard]] Ranges present_ranges() const;
  void join_segments();

  bool left_out_is_zero_;
  std::vector<Present> present_;
  Ranges left_out_, cut_off_, damaged_;
  std::vector<Segment> segments_;
  std::optional<std::uint64_t> contradiction_;
  unsigned compared_ = 0; ///< pages
};

} // namespace mapscope::memory
