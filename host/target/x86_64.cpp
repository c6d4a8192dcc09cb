// SPDX-License-Identifier: Apache-2.0
#include "host/target/x86_64.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <array>

namespace mapscope::target {

namespace {

// arch/x86/include/asm/pgtable_types.h
constexpr std::uint64_t present = 1, large = 1ULL << 7;
constexpr std::uint64_t address_bits = 0x000ffffffffff000;
constexpr unsigned page_shift = 12, index_bits = 9;

constexpr std::uint64_t low_bits(unsigned count) { return (1ULL << count) - 1; }

/// The upper half of the canonical addresses; the lower is of processes, and not in the kernel's own tables.
bool is_of_the_kernel(std::uint64_t address, unsigned levels) {
  const unsigned sign = page_shift + index_bits * levels - 1;
  return address >> sign == ~0ULL >> sign;
}

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

std::optional<Mapping> X86_64::direct(std::uint64_t address) const {
  if (const std::uint64_t offset = address - image_base; address >= image_base && offset < p_.image_size)
    return Mapping{offset + p_.phys_base, p_.image_size - offset};
  if (const std::uint64_t offset = address - direct_base_; address >= direct_base_ && offset < direct_size_)
    return Mapping{offset, direct_size_ - offset};
  return std::nullopt;
}

Fault X86_64::walk(std::uint64_t address, Mapping* out) const {
  if (!is_of_the_kernel(address, p_.levels)) return Fault::unmapped;
  std::uint64_t table = p_.root - image_base + p_.phys_base;
  for (unsigned level = p_.levels; level-- > 0;) {
    const unsigned shift = page_shift + index_bits * level;
    const std::uint64_t index = address >> shift & low_bits(index_bits);
    std::uint64_t entry = 0;
    if (source_.read(table + index * sizeof entry, std::as_writable_bytes(std::span(&entry, 1))) !=
        sizeof entry)
      return Fault::not_in_dump;
    if ((entry & present) == 0) return Fault::unmapped;
    table = entry & address_bits & ~p_.sme_mask;
    const bool is_leaf = level == 0 || ((entry & large) != 0 && level <= 2);
    if (!is_leaf) continue;
    const std::uint64_t inside = address & low_bits(shift);
    *out = {(table & ~low_bits(shift)) + inside, (1ULL << shift) - inside};
    return Fault::none;
  }
  return Fault::unmapped;
}

bool X86_64::use_direct_map(std::uint64_t base) {
  const auto segments = source_.segments();
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
