// SPDX-License-Identifier: Apache-2.0
// The headers of one kdump-compressed file, as makedumpfile and QEMU write them.
//
// libkdumpfile believes these headers; what stands in them is checked here first. Refuses: kernels of 32 bits
// and big-endian ones, and sizes that the file itself cannot hold. Thread rule: plain values.
#pragma once

#include "host/memory/frame_set.hpp"
#include "host/memory/input_file.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mapscope::memory {

/// True when a file begins like a kdump-compressed one.
bool is_kdump(std::span<const std::byte> bytes);

/// struct page_desc of makedumpfile's diskdump_mod.h: where the bytes of one page lie.
struct PageDescriptor {
  std::uint64_t offset = 0;
  std::uint32_t size = 0, flags = 0;
  std::uint64_t page_flags = 0;
};
static_assert(sizeof(PageDescriptor) == 24);

// Of PageDescriptor::flags; none: as it was.
constexpr std::uint32_t zlib_page = 0x1, lzo_page = 0x2, snappy_page = 0x4, zstd_page = 0x20;
constexpr std::uint32_t compressed_page = zlib_page | lzo_page | snappy_page | zstd_page;

struct KdumpHeader {
  std::string uts;     ///< struct new_utsname, as it is in the file
  std::string machine; ///< of it: "x86_64"; may be ""
  std::uint32_t version = 0, block_size = 0, status = 0, dump_level = 0;
  std::uint64_t frames = 0;      ///< one more than the last frame of memory
  std::uint64_t bitmaps_at = 0;  ///< of the frames there were, then of those that the dump holds
  std::uint64_t bitmap_size = 0; ///< bytes of one
  bool is_split = false;
  std::uint64_t begin = 0, end = 0; ///< frames that this file holds; all of them when it is not split
  std::string vmcoreinfo;

  [[nodiscard]] std::uint64_t descriptors_at() const { return bitmaps_at + 2 * bitmap_size; }
  /// makedumpfile ran out of space, and wrote the rest as if it were excluded.
  [[nodiscard]] bool is_incomplete() const { return (status & 0x8) != 0; }
};

/// One file of a dump.
struct KdumpMember {
  std::string name;
  InputFile file;
  KdumpHeader header;
};

/// Errors are one clause that begins with `name`.
Result<KdumpMember> read_kdump_header(const std::string& name, InputFile file);

/// One of the two bitmaps, of as many frames as the header names.
Result<FrameSet> read_bitmap(const KdumpMember& member, unsigned which);

} // namespace mapscope::memory
