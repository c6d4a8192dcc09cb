// SPDX-License-Identifier: Apache-2.0
#include "host/target/x86_64.hpp"

#include "host/target/symbols.hpp"

#include <algorithm>

namespace mapscope::target {

namespace {

// arch/x86/include/asm/pgtable_types.h
constexpr std::uint64_t large = 1ULL << 7;
constexpr std::uint64_t address_bits = 0x000ffffffffff000;
constexpr unsigned page_shift = 12, index_bits = 9;

/// __PAGE_OFFSET_BASE_L4 and _L5, Documentation/arch/x86/x86_64/mm.rst
constexpr std::uint64_t fixed_direct4 = 0xffff888000000000, fixed_direct5 = 0xff11000000000000;

} // namespace

std::optional<X86_64::Parameters> X86_64::parameters(const Vmcoreinfo& info) {
  const auto phys_base = info.number("phys_base"), root = info.symbol("swapper_pg_dir");
  if (!phys_base || !root) return std::nullopt;
  Parameters p{.phys_base = *phys_base, .root = *root};
  if (info.number("pgtable_l5_enabled").value_or(0) != 0) p.levels = 5;
  p.image_size = std::min<std::uint64_t>(info.number("KERNEL_IMAGE_SIZE").value_or(p.image_size), 1ULL << 30);
  p.sme_mask = info.number("sme_mask").value_or(0);
  return p;
}

/// The upper half of the canonical addresses is the kernel's.
PageWalker::Shape X86_64::shape_of(const Parameters& p) {
  const unsigned bits = page_shift + index_bits * p.levels;
  return {.root = p.root - image_base + p.phys_base,
          .first = ~0ULL << (bits - 1),
          .page_shift = page_shift,
          .bits = bits};
}

PageWalker::Entry X86_64::decode(std::uint64_t entry, unsigned level) const {
  const std::uint64_t to = entry & address_bits & ~p_.sme_mask;
  if (level != 0 && ((entry & large) == 0 || level > 2)) return {Entry::Kind::table, to};
  return {Entry::Kind::page, to & ~low_bits(shape().shift(level))};
}

std::optional<Mapping> X86_64::direct(std::uint64_t address) const {
  if (const std::uint64_t offset = address - image_base; address >= image_base && offset < p_.image_size)
    return Mapping{offset + p_.phys_base, p_.image_size - offset};
  if (const std::uint64_t offset = address - direct_base_; address >= direct_base_ && offset < direct_size_)
    return Mapping{offset, direct_size_ - offset};
  return std::nullopt;
}

/// The direct map is found through a variable since 4.8 (CONFIG_RANDOMIZE_MEMORY), else at a fixed place.
void X86_64::take_symbols(const Symbols& symbols) {
  const auto variable = symbols.find("page_offset_base");
  const auto base = variable ? Reader({&source(), this}).get<std::uint64_t>(*variable) : std::nullopt;
  use_direct_map(base.value_or(levels() == 5 ? fixed_direct5 : fixed_direct4));
}

bool X86_64::use_direct_map(std::uint64_t base) {
  const auto segments = source().segments();
  if (segments.empty() || base < 1ULL << 63) return false;
  std::uint64_t end = 0; // of what is mapped; a device's memory far above it would reach into vmalloc's range
  for (const auto& segment : segments) {
    Mapping mapping;
    const Fault fault = walk(base + segment.address, &mapping);
    if (fault == Fault::none && mapping.physical != segment.address) return false;
    // A table page that is not in the dump disproves nothing.
    if (fault != Fault::unmapped) end = segment.address + segment.size;
  }
  if (end == 0) return false;
  direct_base_ = base;
  direct_size_ = std::min(end, ~base);
  return true;
}

Fault X86_64::translate(std::uint64_t address, Mapping* out) const {
  if (const auto mapping = direct(address)) {
    *out = *mapping;
    return Fault::none;
  }
  return walk(address, out);
}

} // namespace mapscope::target
