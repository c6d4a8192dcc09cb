// SPDX-License-Identifier: Apache-2.0
// Memory written as text: a few lines are a fake kernel.
//
//   # a comment, to the end of the line
//   @0x1000                   what follows lies at this physical address
//   @0x2000 u64 pte+0x67 0    the same, with content on the line
//   pte: u64 0x3067 -1        a label; numbers (u8 u16 u32 u64) may be LABEL, LABEL+N, LABEL-N, before it too
//   text "map_idr\0"          bytes as they stand; escapes \0 \n \" \\ and \xHH; no NUL is added
//   bytes 9f eb 01 00         bytes in hex
//   zero 16   align 4096      zeros: so many, or up to a multiple (of the address)
//   hole 4096                 the target had so many bytes here, the dump holds none of them
//   note OSRELEASE=6.12       a line of the VMCOREINFO beside the memory; {LABEL+N} is that number in hex
//   arch x86_64               what the file says it is of; none when not said
//
// A mistake in the text throws std::invalid_argument with the line's number. Thread rule: immutable.
#pragma once

#include "host/memory/source.hpp"
#include "host/target/address_space.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::test {

class TextImage final : public memory::Source {
public:
  explicit TextImage(std::string_view text);
  /// A .mem file, mostly MAPSCOPE_TEST_DATA "/NAME.mem".
  static TextImage load(const std::string& path);
  TextImage(TextImage&&) = default;

  /// Address of a label; throws when there is none.
  [[nodiscard]] std::uint64_t at(std::string_view label) const;

  [[nodiscard]] std::string_view format() const override { return "text"; }
  [[nodiscard]] std::string_view arch() const override { return arch_; }
  [[nodiscard]] std::span<const memory::Segment> segments() const override { return segments_; }
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t address, std::size_t want) const override;
  [[nodiscard]] std::string_view vmcoreinfo() const override { return note_; }
  [[nodiscard]] std::span<const std::string> warnings() const override { return {}; }

private:
  std::string arch_, note_;
  std::map<std::string, std::uint64_t, std::less<>> labels_;
  std::vector<memory::Segment> segments_;
  std::vector<std::vector<std::byte>> bytes_; ///< of segments_, same order
};

/// Virtual addresses from `base` on are the physical ones from 0 on, page by page; below `base` nothing is
/// mapped.
class FlatTranslator final : public target::Translator {
public:
  explicit FlatTranslator(std::uint64_t base = 0) : base_(base) {}
  [[nodiscard]] target::Fault translate(std::uint64_t address, target::Mapping* out) const override;
  [[nodiscard]] target::Region next_region(std::uint64_t begin, std::uint64_t end,
                                           std::uint64_t* entries) const override;
  [[nodiscard]] unsigned levels() const override { return 1; }
  [[nodiscard]] std::uint64_t page_size() const override { return 4096; }

private:
  std::uint64_t base_;
};

/// An image with a flat mapping over it, ready to read.
class FlatMemory {
public:
  explicit FlatMemory(std::string_view text, std::uint64_t base = 0) : FlatMemory(TextImage(text), base) {}
  explicit FlatMemory(TextImage image, std::uint64_t base = 0)
      : image_(std::move(image)), translator_(base), base_(base) {}
  FlatMemory(const FlatMemory&) = delete;
  FlatMemory& operator=(const FlatMemory&) = delete;

  [[nodiscard]] const TextImage& image() const { return image_; }
  [[nodiscard]] target::AddressSpace space() const { return {&image_, &translator_}; }
  [[nodiscard]] target::Reader reader() const { return target::Reader(space()); }
  /// Virtual address of a label.
  [[nodiscard]] std::uint64_t at(std::string_view label) const { return base_ + image_.at(label); }

private:
  TextImage image_;
  FlatTranslator translator_;
  std::uint64_t base_;
};

} // namespace mapscope::test
