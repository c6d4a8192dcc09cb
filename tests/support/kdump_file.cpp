// SPDX-License-Identifier: Apache-2.0
#include "tests/support/kdump_file.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <lzo/lzo1x.h>
#include <ranges>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

namespace mapscope::test {

namespace {

// struct page_desc, flags (makedumpfile diskdump_mod.h)
constexpr std::uint32_t flags_of[] = {0, 0x1, 0x2, 0x4, 0x20};
constexpr std::size_t sub_header_size = 104, descriptor_size = 24;

template <class T> void put(std::string& to, std::size_t at, T value) {
  std::memcpy(to.data() + at, &value, sizeof value);
}

std::uint64_t blocks(std::uint64_t bytes, std::uint64_t size) { return (bytes + size - 1) / size; }

/// One stream for all pages: its memory is large enough to be mapped and unmapped each time.
std::string zlib_packed(std::string_view page) {
  static z_stream stream = [] {
    z_stream fresh{};
    EXPECT_EQ(::deflateInit(&fresh, Z_BEST_SPEED), Z_OK);
    return fresh;
  }();
  std::string packed(::compressBound(page.size()), '\0');
  ::deflateReset(&stream);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(page.data()));
  stream.avail_in = static_cast<uInt>(page.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  return packed;
}

std::string lzo_packed(std::string_view page) {
  static std::vector<unsigned char> work(LZO1X_1_MEM_COMPRESS);
  lzo_uint size = page.size() + page.size() / 16 + 64 + 3;
  std::string packed(size, '\0');
  const int rc = ::lzo1x_1_compress(reinterpret_cast<const unsigned char*>(page.data()), page.size(),
                                    reinterpret_cast<unsigned char*>(packed.data()), &size, work.data());
  EXPECT_EQ(rc, LZO_E_OK);
  packed.resize(size);
  return packed;
}

std::string snappy_packed(std::string_view page) {
  std::size_t size = ::snappy_max_compressed_length(page.size());
  std::string packed(size, '\0');
  EXPECT_EQ(::snappy_compress(page.data(), page.size(), packed.data(), &size), SNAPPY_OK);
  packed.resize(size);
  return packed;
}

std::string zstd_packed(std::string_view page) {
  static ZSTD_CCtx* const context = ::ZSTD_createCCtx(); // as with zlib
  std::string packed(::ZSTD_compressBound(page.size()), '\0');
  packed.resize(::ZSTD_compressCCtx(context, packed.data(), packed.size(), page.data(), page.size(), 1));
  return packed;
}

std::string packed_by(Packing packing, std::string_view page) {
  switch (packing) {
  case Packing::zlib:
    return zlib_packed(page);
  case Packing::lzo:
    return lzo_packed(page);
  case Packing::snappy:
    return snappy_packed(page);
  case Packing::zstd:
    return zstd_packed(page);
  case Packing::none:
    break;
  }
  return std::string(page);
}

void put_big_endian(std::string& to, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) to.push_back(static_cast<char>(value >> shift));
}

} // namespace

std::string_view packing_name(Packing packing) {
  constexpr std::string_view names[] = {"none", "zlib", "lzo", "snappy", "zstd"};
  return names[static_cast<std::size_t>(packing)];
}

KdumpFile::Packed KdumpFile::pack(std::string_view page) const {
  Packed packed{packed_by(packing_, page), flags_of[static_cast<std::size_t>(packing_)]};
  // What does not shrink is stored as it is, as makedumpfile does.
  if (packed.bytes.size() >= page.size()) packed = {std::string(page), 0};
  if (page_flags) packed.flags = *page_flags;
  return packed;
}

void KdumpFile::page(std::uint64_t frame, std::string_view bytes) {
  std::string page(bytes);
  page.resize(page_size);
  pages_[frame] = pack(page);
}

void KdumpFile::leave_out(std::uint64_t frame) { left_out_.push_back(frame); }

void KdumpFile::add(const memory::Source& image) {
  vmcoreinfo = image.vmcoreinfo();
  if (!image.arch().empty()) machine = image.arch();
  for (const auto& segment : image.segments())
    for (std::uint64_t at = 0; at < segment.size; at += page_size) {
      const std::uint64_t frame = (segment.address + at) / page_size;
      const auto bytes = image.view(segment.address + at, page_size);
      if (at < segment.present)
        page(frame, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      else
        leave_out(frame);
    }
}

std::uint64_t KdumpFile::frames() const {
  std::uint64_t last = pages_.empty() ? 0 : pages_.rbegin()->first;
  for (const std::uint64_t frame : left_out_) last = std::max(last, frame);
  return last + 1;
}

/// What stands before the descriptors.
std::string KdumpFile::headers(bool is_split, std::uint64_t begin, std::uint64_t end) const {
  const std::uint64_t sub_blocks = blocks(sub_header_size + vmcoreinfo.size(), page_size);
  const std::uint64_t bitmap_blocks = blocks(blocks(frames(), 8), page_size);
  std::string file((1 + sub_blocks + 2 * bitmap_blocks) * page_size, '\0');
  file.replace(0, 8, "KDUMP   ");
  put<std::uint32_t>(file, 8, version);
  file.replace(12, 5, "Linux"), file.replace(12 + 2 * 65, release.size(), release);
  file.replace(12 + 4 * 65, machine.size(), machine);
  put<std::uint32_t>(file, 424, status), put<std::uint32_t>(file, 428, page_size);
  put<std::uint32_t>(file, 432, static_cast<std::uint32_t>(sub_blocks));
  put<std::uint32_t>(file, 436, static_cast<std::uint32_t>(2 * bitmap_blocks));
  put<std::uint32_t>(file, 440, static_cast<std::uint32_t>(frames()));
  const std::size_t sub = page_size;
  put<std::uint32_t>(file, sub + 8, dump_level), put<std::uint32_t>(file, sub + 12, is_split ? 1 : 0);
  put<std::uint64_t>(file, sub + 16, begin), put<std::uint64_t>(file, sub + 24, end);
  put<std::uint64_t>(file, sub + 32, vmcoreinfo.empty() ? 0 : sub + sub_header_size);
  put<std::uint64_t>(file, sub + 40, vmcoreinfo.size());
  put<std::uint64_t>(file, sub + 80, begin), put<std::uint64_t>(file, sub + 88, end);
  put<std::uint64_t>(file, sub + 96, frames());
  file.replace(sub + sub_header_size, vmcoreinfo.size(), vmcoreinfo);
  const std::size_t there = (1 + sub_blocks) * page_size, held = there + bitmap_blocks * page_size;
  const auto set = [&](std::size_t at, std::uint64_t frame) {
    file[at + frame / 8] = static_cast<char>(file[at + frame / 8] | 1 << frame % 8);
  };
  for (const auto& [frame, page] : pages_) set(there, frame), set(held, frame);
  for (const std::uint64_t frame : left_out_) set(there, frame);
  return file;
}

std::string KdumpFile::written(bool is_split, std::uint64_t begin, std::uint64_t end) const {
  std::string file = headers(is_split, begin, end), descriptors, content;
  const auto first = pages_.lower_bound(begin), last = pages_.lower_bound(end);
  const auto count = static_cast<std::size_t>(std::distance(first, last));
  const std::size_t content_at = file.size() + count * descriptor_size;
  for (const auto& [frame, page] : std::ranges::subrange(first, last)) {
    std::string descriptor(descriptor_size, '\0');
    put<std::uint64_t>(descriptor, 0, content_at + content.size());
    put<std::uint32_t>(descriptor, 8, static_cast<std::uint32_t>(page.bytes.size()));
    put<std::uint32_t>(descriptor, 12, page.flags);
    descriptors += descriptor;
    content += page.bytes;
  }
  return file + descriptors + content;
}

std::string KdumpFile::bytes() const { return written(false, 0, frames()); }

std::string KdumpFile::part(std::uint64_t begin, std::uint64_t end) const {
  return written(true, begin, end);
}

std::vector<std::string> KdumpFile::parts(const std::vector<std::uint64_t>& bounds) const {
  std::vector<std::string> files;
  std::uint64_t begin = 0;
  for (const std::uint64_t bound : bounds) files.push_back(part(std::exchange(begin, bound), bound));
  return files;
}

std::string flattened(std::string_view file, std::size_t piece, bool backwards) {
  std::string stream("makedumpfile");
  stream.resize(16);
  put_big_endian(stream, 1), put_big_endian(stream, 1); // type, version
  stream.resize(4096);
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < file.size(); at += piece) places.push_back(at);
  if (backwards) std::ranges::reverse(places);
  for (const std::size_t at : places) {
    const auto bytes = file.substr(at, piece);
    put_big_endian(stream, at), put_big_endian(stream, bytes.size());
    stream += bytes;
  }
  put_big_endian(stream, ~0ULL), put_big_endian(stream, ~0ULL);
  return stream;
}

} // namespace mapscope::test
