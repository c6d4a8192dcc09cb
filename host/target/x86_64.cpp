// SPDX-License-Identifier: Apache-2.0
#include "host/target/x86_64.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace mapscope::target {

namespace {

// arch/x86/include/asm/pgtable_types.h
constexpr std::uint64_t present = 1, large = 1ULL << 7;
constexpr std::uint64_t address_bits = 0x000ffffffffff000;
constexpr unsigned page_shift = 12, index_bits = 9;

constexpr std::uint64_t low_bits(unsigned count) { return (1ULL << count) - 1; }

/// Where the upper half of the canonical addresses begins; the lower is of processes, and not in the kernel's
/// own tables.
std::uint64_t kernel_half(unsigned levels) { return ~0ULL << (page_shift + index_bits * levels - 1); }

bool is_leaf(std::uint64_t entry, unsigned level) {
  return level == 0 || ((entry & large) != 0 && level <= 2);
}

std::uint64_t entry_at(std::span<const std::byte> table, std::size_t index) {
  std::uint64_t entry = 0;
  std::memcpy(&entry, table.data() + index * sizeof entry, sizeof entry);
  return entry;
}

/// The first entry at or behind `index` that is present, else the number of entries. Kernels may fill the
/// tables of a large range in advance, so that most entries looked at are empty: eight at a time.
std::size_t first_present(std::span<const std::byte> table, std::size_t index) {
  const std::size_t count = table.size() / sizeof(std::uint64_t);
  for (std::uint64_t any = 0; index + 8 <= count; index += 8) {
    for (std::size_t i = 0; i < 8; ++i) any |= entry_at(table, index + i);
    if ((any & present) != 0) break;
  }
  while (index < count && (entry_at(table, index) & present) == 0) ++index;
  return index;
}

} // namespace

/// One search for the first region. Tables that lead to each other in a circle cost no more than others: the
/// levels end, and so do the entries that may be looked at.
class X86_64::Scan {
public:
  Scan(const X86_64& space, std::uint64_t* entries) : space_(space), entries_(*entries) {}

  /// What comes first in [begin, last] of the table at `physical`; unmapped when nothing does.
  Region table(std::uint64_t physical, unsigned level, std::uint64_t begin, std::uint64_t last) {
    const unsigned shift = page_shift + index_bits * level;
    while (true) {
      const std::uint64_t index = begin >> shift & low_bits(index_bits);
      const std::uint64_t count = std::min(((last >> shift) - (begin >> shift)) + 1, entries_);
      if (count == 0) return {.fault = Fault::unmapped, .address = begin};
      const auto entries = space_.source_.view(physical + index * entry_bytes, count * entry_bytes);
      if (entries.size() < entry_bytes) return missing(begin, last);
      const std::size_t seen = entries.size() / entry_bytes, found = first_present(entries, 0);
      entries_ -= std::min<std::uint64_t>(found + 1, seen);
      if (found != 0 && !advance(begin, shift, found, last)) return nothing(last);
      if (found == seen) continue; // in pieces: the file may hold the rest of the table elsewhere
      const std::uint64_t end = std::min(last, begin | low_bits(shift));
      const Region region = entry(entry_at(entries, found), level, begin, end);
      if (region.fault != Fault::unmapped || region.address <= end) return region;
      if (!advance(begin, shift, 1, last)) return nothing(last);
    }
  }

private:
  static constexpr std::size_t entry_bytes = sizeof(std::uint64_t);

  /// `begin` to where the entry that is `count` further begins; false when that is behind `last`.
  static bool advance(std::uint64_t& begin, unsigned shift, std::uint64_t count, std::uint64_t last) {
    if ((last >> shift) - (begin >> shift) < count) return false;
    begin = ((begin >> shift) + count) << shift;
    return true;
  }
  static Region nothing(std::uint64_t last) { return {.fault = Fault::unmapped, .address = last + 1}; }
  static Region missing(std::uint64_t begin, std::uint64_t last) {
    return {.fault = Fault::not_in_dump, .address = begin, .size = last - begin + 1};
  }

  Region entry(std::uint64_t entry, unsigned level, std::uint64_t begin, std::uint64_t last) {
    const unsigned shift = page_shift + index_bits * level;
    const std::uint64_t to = entry & address_bits & ~space_.p_.sme_mask;
    if (!is_leaf(entry, level)) return table(to, level - 1, begin, last);
    return {.fault = Fault::none,
            .address = begin,
            .size = last - begin + 1,
            .physical = (to & ~low_bits(shift)) + (begin & low_bits(shift))};
  }

  const X86_64& space_;
  std::uint64_t& entries_;
};

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
  if (address < kernel_half(p_.levels)) return Fault::unmapped;
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
    if (!is_leaf(entry, level)) continue;
    const std::uint64_t inside = address & low_bits(shift);
    *out = {(table & ~low_bits(shift)) + inside, (1ULL << shift) - inside};
    return Fault::none;
  }
  return Fault::unmapped;
}

Region X86_64::next_region(std::uint64_t begin, std::uint64_t end, std::uint64_t* entries) const {
  begin = std::max(begin, kernel_half(p_.levels));
  if (begin >= end) return {.fault = Fault::unmapped, .address = end};
  return Scan(*this, entries).table(p_.root - image_base + p_.phys_base, p_.levels - 1, begin, end - 1);
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
