// SPDX-License-Identifier: Apache-2.0
#include "tests/support/memory_files.hpp"

#include <algorithm>
#include <snappy.h>

namespace mapscope::test {

namespace {

template <class T> std::string raw(T value, std::size_t bytes = sizeof(T)) {
  return std::string(reinterpret_cast<const char*>(&value), bytes); // little-endian
}

/// Bit by bit, unlike the one that is tested.
std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ (0x82F63B78U & (0U - (crc & 1)));
  }
  return ~crc;
}

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8U; }

} // namespace

std::vector<Bytes> memory_of(const memory::Source& image, std::uint64_t note) {
  std::vector<Bytes> memory;
  for (const auto& segment : image.segments()) {
    const auto bytes = image.view(segment.address, segment.present);
    memory.push_back({segment.address, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}});
  }
  if (!image.vmcoreinfo().empty()) memory.push_back({note, std::string(image.vmcoreinfo()) + '\0'});
  std::ranges::sort(memory, {}, &Bytes::address);
  return memory;
}

std::string raw_image(const std::vector<Bytes>& memory, const memory::Layout& layout) {
  std::string file;
  for (const auto& run : layout) {
    const std::size_t begin = file.size();
    file.resize(begin + run.size, '\0');
    for (const Bytes& part : memory)
      if (part.address >= run.address && part.address - run.address < run.size) {
        const std::uint64_t at = part.address - run.address;
        file.replace(begin + at, std::min<std::uint64_t>(part.bytes.size(), run.size - at), part.bytes, 0,
                     run.size - at);
      }
  }
  return file;
}

std::string range_header(std::string_view magic, std::uint32_t version, std::uint64_t first,
                         std::uint64_t last) {
  return std::string(magic) + raw(version) + raw(first) + raw(last) + std::string(8, '\0');
}

std::string lime_image(const std::vector<Bytes>& memory) {
  std::string file;
  for (const Bytes& part : memory)
    file += range_header("EMiL", 1, part.address, part.address + part.bytes.size() - 1) + part.bytes;
  return file;
}

std::string snappy_chunk(std::string_view bytes, bool packed) {
  std::string content(bytes);
  if (packed) snappy::Compress(bytes.data(), bytes.size(), &content);
  return std::string(1, packed ? '\0' : '\1') + raw(static_cast<std::uint32_t>(content.size() + 4), 3) +
         raw(masked(crc32c(bytes))) + content;
}

std::string avml_range(const Bytes& range) {
  constexpr std::size_t most = 65536;
  std::string stream = "\xff" + std::string("\x06\0\0", 3) + "sNaPpY";
  for (std::size_t at = 0; at < range.bytes.size(); at += most)
    stream += snappy_chunk(std::string_view(range.bytes).substr(at, most));
  return range_header("AVML", 2, range.address, range.address + range.bytes.size() - 1) + stream +
         raw(std::uint64_t{stream.size()});
}

std::string avml_image(const std::vector<Bytes>& memory) {
  std::string file;
  for (const Bytes& part : memory) file += avml_range(part);
  return file;
}

} // namespace mapscope::test
