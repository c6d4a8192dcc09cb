// SPDX-License-Identifier: Apache-2.0
// A kdump-compressed file, whole, part or stream: its headers, its bitmaps, its pages. libkdumpfile and what
// it unpacks with are not instrumented; that they fault or take all memory shows all the same.
#include "host/memory/source.hpp"
#include "input.hpp"

#include <algorithm>
#include <vector>

namespace mapscope::fuzz {
namespace {

constexpr std::uint64_t page = 4096, most_pages = 64; ///< of each segment, and as many segments

void look_at(std::span<const std::byte> bytes) {
  std::byte all{};
  for (const std::byte byte : bytes) all ^= byte;
  asm volatile("" : : "r"(all)); // or the reads are left out
}

void look_at(const memory::Source& source) {
  std::uint64_t end = 0, seen = 0;
  std::vector<std::byte> buffer;
  for (const auto& segment : source.segments()) {
    if (segment.address < end || segment.present > segment.size) __builtin_trap();
    end = segment.address + segment.size;
    if (++seen > most_pages) continue;
    for (std::uint64_t at = 0; at < std::min(segment.size, most_pages * page); at += page) {
      look_at(source.glance(segment.address + at, 3 * page, buffer));
      const auto there = source.view(segment.address + at, 3 * page);
      look_at(there);
      // What the dump lacks is nowhere.
      if (at >= segment.present && !there.empty()) __builtin_trap();
      if (there.empty()) (void)source.why_absent(segment.address + at);
    }
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const File file(data, size);
  const auto source = memory::open_source(file.path());
  if (!source) return 0;
  look_at(**source);
  (void)(*source)->details();
  return 0;
}

} // namespace mapscope::fuzz
