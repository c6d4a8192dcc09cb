// SPDX-License-Identifier: Apache-2.0
// x86-64 virtual to physical: the kernel image as arithmetic, everything else by page walk (4 and 5 levels).
//
// Refuses: user addresses. The direct map is arithmetic too, once a walk has confirmed it; where table pages
// are missing from the dump, the arithmetic stands in. Thread rule: immutable after construction.
#pragma once

#include "host/target/page_walker.hpp"
#include "host/target/vmcoreinfo.hpp"

#include <optional>

namespace mapscope::target {

class X86_64 final : public PageWalker {
public:
  struct Parameters {
    std::uint64_t phys_base =
        0;                  ///< physical minus virtual offset of the image; wraps ("negative") with KASLR
    std::uint64_t root = 0; ///< virtual address of the top-level table (swapper_pg_dir)
    unsigned levels = 4;
    std::uint64_t image_size = 1ULL << 30; ///< KERNEL_IMAGE_SIZE
    std::uint64_t sme_mask = 0;            ///< AMD memory encryption bit, cleared from every entry
  };
  /// From VMCOREINFO; nothing when phys_base or swapper_pg_dir is missing.
  static std::optional<Parameters> parameters(const Vmcoreinfo& info);

  X86_64(const memory::Source& source, const Parameters& parameters)
      : PageWalker(source, shape_of(parameters)), p_(parameters) {}

  [[nodiscard]] const Parameters& parameters() const { return p_; }

  /// Lets translate() use pa = va - base for [base, end) after checking it against a walk of `base`'s first
  /// pages. Returns false, and changes nothing, when they disagree or when nothing could be walked.
  bool use_direct_map(std::uint64_t base);

  Fault translate(std::uint64_t address, Mapping* out) const override;
  void take_symbols(const Symbols& symbols) override;
  std::string_view arch() const override { return "x86_64"; }

  static constexpr std::uint64_t image_base = 0xffffffff80000000; ///< __START_KERNEL_map

private:
  static Shape shape_of(const Parameters& p);
  Entry decode(std::uint64_t entry, unsigned level) const override;
  std::optional<Mapping> direct(std::uint64_t address) const;

  Parameters p_;
  std::uint64_t direct_base_ = 0, direct_size_ = 0;
};

} // namespace mapscope::target
