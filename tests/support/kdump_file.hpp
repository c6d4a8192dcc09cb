// SPDX-License-Identifier: Apache-2.0
// Writes kdump-compressed dumps as makedumpfile does, right and wrong ones: whole, in parts, flattened.
#pragma once

#include "host/memory/source.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::test {

enum class Packing : std::uint8_t { none, zlib, lzo, snappy, zstd };
constexpr Packing all_packings[] = {Packing::none, Packing::zlib, Packing::lzo, Packing::snappy,
                                    Packing::zstd};
std::string_view packing_name(Packing packing);

class KdumpFile {
public:
  explicit KdumpFile(Packing packing = Packing::zlib, std::uint32_t page_size = 4096)
      : page_size(page_size), packing_(packing) {}

  /// One that the dump holds; what is shorter than a page is filled up with zeros.
  void page(std::uint64_t frame, std::string_view bytes);
  /// One that there was, and that the dump leaves out.
  void leave_out(std::uint64_t frame);
  /// All of an image, whose segments begin and end with pages, and its VMCOREINFO.
  void add(const memory::Source& image);

  [[nodiscard]] std::uint64_t frames() const; ///< one more than the last
  [[nodiscard]] std::string bytes() const;
  /// The part that holds the frames [begin, end).
  [[nodiscard]] std::string part(std::uint64_t begin, std::uint64_t end) const;
  /// As many parts as bounds: each holds the frames below its own.
  [[nodiscard]] std::vector<std::string> parts(const std::vector<std::uint64_t>& bounds) const;

  std::string machine = "x86_64", release = "6.12.0-test", vmcoreinfo;
  std::uint32_t page_size, version = 6, status = 0, dump_level = 0;
  std::optional<std::uint32_t> page_flags; ///< instead of those of the packing

private:
  struct Packed {
    std::string bytes;
    std::uint32_t flags = 0;
  };
  [[nodiscard]] Packed pack(std::string_view page) const;
  [[nodiscard]] std::string written(bool is_split, std::uint64_t begin, std::uint64_t end) const;
  [[nodiscard]] std::string headers(bool is_split, std::uint64_t begin, std::uint64_t end) const;

  Packing packing_;
  std::map<std::uint64_t, Packed> pages_; ///< nothing in it: left out
  std::vector<std::uint64_t> left_out_;
};

/// The same in pieces of at most `piece` bytes, each with its place, the last ones first where `backwards`.
std::string flattened(std::string_view file, std::size_t piece = 1000, bool backwards = false);

} // namespace mapscope::test
