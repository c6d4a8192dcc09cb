// SPDX-License-Identifier: Apache-2.0
// The bytes of a shared library as the dynamic loader would see them, without loading it and without trusting
// a single number in it.
//
// Refuses: files in which an address could mean two things (overlapping or unordered segments), because what
// is verified must be what the loader maps. Thread rule: a borrowed, immutable view of the bytes.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plugin {

class ElfImage {
public:
  /// Rule V2: a 64-bit shared library for this machine whose headers lie inside the file.
  static Result<ElfImage> open(std::span<const std::byte> bytes);

  /// Rule V3 for the segments: their bytes are inside the file, in order, without overlap.
  [[nodiscard]] Result<void> check_segments() const;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] const Elf64_Ehdr& header() const { return header_; }
  [[nodiscard]] std::span<const Elf64_Phdr> segments() const { return segments_; }

  /// The file's bytes that are loaded from `address` to the end of their segment; empty when there are none.
  [[nodiscard]] std::span<const std::byte> at(std::uint64_t address) const;
  /// True when [address, +size) comes from the file and can't be written once the loader has finished.
  [[nodiscard]] bool is_constant(std::uint64_t address, std::uint64_t size) const;

private:
  explicit ElfImage(std::span<const std::byte> bytes) : bytes_(bytes) {}
  Result<void> read_segments();

  std::span<const std::byte> bytes_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
};

/// Text from a file that nobody has vouched for, fit for a terminal: of bounded length, no control
/// characters.
std::string printable(std::string_view text, std::size_t longest = 64);

} // namespace mapscope::plugin
