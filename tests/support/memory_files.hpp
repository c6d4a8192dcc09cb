// SPDX-License-Identifier: Apache-2.0
// Files of memory in the forms that are no ELF core: raw, LiME, AVML.
//
// Thread rule: plain functions.
#pragma once

#include "host/memory/layout.hpp"
#include "host/memory/source.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::test {

struct Bytes {
  std::uint64_t address = 0;
  std::string bytes;
};
/// All that an image holds. These forms have no notes: its VMCOREINFO goes into the memory, at the page
/// `note`.
std::vector<Bytes> memory_of(const memory::Source& image, std::uint64_t note = 0x7000);

/// Every run must have a size. Zeros where the memory has nothing.
std::string raw_image(const std::vector<Bytes>& memory, const memory::Layout& layout);

/// A header of 32 bytes.
std::string range_header(std::string_view magic, std::uint32_t version, std::uint64_t first,
                         std::uint64_t last);
std::string lime_image(const std::vector<Bytes>& memory);

/// A chunk of snappy's framing with its checksum; `packed` or as the bytes stand.
std::string snappy_chunk(std::string_view bytes, bool packed = true);
/// A range: stream identifier, chunks of at most 64 KiB, and the stream's length.
std::string avml_range(const Bytes& range);
std::string avml_image(const std::vector<Bytes>& memory);

} // namespace mapscope::test
