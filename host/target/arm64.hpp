// SPDX-License-Identifier: Apache-2.0
// arm64 virtual to physical: pages of 4, 16 and 64 KiB, addresses of 36 to 52 bits, LPA2 among them.
//
// The kernel's image and its linear map are arithmetic once a walk has confirmed them; where table pages are
// missing from the dump, the arithmetic stands in. A pointer's tag (KASAN, MTE: the top byte) is no part of
// the address, and bit 55 alone says whose an address is; nor is its signature (PAC). Refuses: user
// addresses. Thread rule: PageWalker's.
#pragma once

#include "host/target/page_walker.hpp"
#include "host/target/vmcoreinfo.hpp"

#include <optional>

namespace mapscope::target {

class Arm64 final : public PageWalker {
public:
  struct Parameters {
    std::uint64_t root = 0;                     ///< virtual address of the top-level table (swapper_pg_dir)
    std::uint64_t kimage_voffset = 0;           ///< virtual minus physical address of the image
    std::optional<std::uint64_t> phys_offset{}; ///< PHYS_OFFSET; wraps where 52 bits run on less
    unsigned page_shift = 12;
    unsigned va_bits = 48;        ///< VA_BITS, which the kernel was built for
    unsigned actual_va_bits = 48; ///< 64 - TCR_EL1.T1SZ
    std::uint64_t signature = 0;  ///< KERNELPACMASK: bits that sign a pointer to code; all ones without
    /// What is known to be the image, before symbols tell.
    std::uint64_t image_begin = 0, image_end = 0;
  };
  /// From VMCOREINFO; nothing when a key is missing or out of range.
  static std::optional<Parameters> parameters(const Vmcoreinfo& info);

  Arm64(const memory::Source& source, const Parameters& parameters);

  /// Lets translate() use the linear map's arithmetic after checking it against a walk of each piece of
  /// memory. Returns false, and changes nothing, when they disagree or when nothing could be walked.
  bool use_linear_map();
  /// The same for the image, [begin, end).
  bool use_image(std::uint64_t begin, std::uint64_t end);

  Fault translate(std::uint64_t address, Mapping* out) const override;
  Region next_region(std::uint64_t begin, std::uint64_t end, std::uint64_t* entries) const override;
  void take_symbols(const Symbols& symbols) override;
  std::string_view arch() const override { return "aarch64"; }

  bool is_kernels(std::uint64_t address) const override { return (address >> 55 & 1) != 0; }
  std::uint64_t code_address(std::uint64_t pointer) const override {
    return is_kernels(pointer) ? pointer | p_.signature : pointer;
  }

  /// The address without its tag: bit 55 is all bits above it.
  static constexpr std::uint64_t untagged(std::uint64_t address) {
    constexpr std::uint64_t top = 0xffULL << 56;
    return (address >> 55 & 1) != 0 ? address | top : address & ~top;
  }

private:
  /// Virtual [begin, end), physical = virtual - offset.
  struct Window {
    std::uint64_t begin = 0, end = 0, offset = 0;
  };
  static Shape shape_of(const Parameters& p);
  Entry decode(std::uint64_t entry, unsigned level) const override;
  [[nodiscard]] bool may_be_block(unsigned level) const;
  [[nodiscard]] std::uint64_t output_address(std::uint64_t entry) const;

  Parameters p_;
  bool lpa2_;
  Window image_, linear_;
};

} // namespace mapscope::target
