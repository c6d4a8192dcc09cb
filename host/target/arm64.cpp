// SPDX-License-Identifier: Apache-2.0
#include "host/target/arm64.hpp"

#include "host/target/symbols.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

namespace mapscope::target {

namespace {

/// Bits 1:0 of a descriptor (arch/arm64/include/asm/pgtable-hwdef.h): 01 a block, 11 a table or, on the last
/// level, a page.
constexpr std::uint64_t not_a_block = 2;
constexpr unsigned page_shift_4k = 12, page_shift_16k = 14, page_shift_64k = 16;

/// What the text has of the image: that much may be read before any table or symbol is.
constexpr std::array<std::string_view, 9> of_image = {
    "_stext",          "swapper_pg_dir",       "init_uts_ns",          "kallsyms_num_syms",
    "kallsyms_names",  "kallsyms_token_table", "kallsyms_token_index", "kallsyms_offsets",
    "kallsyms_markers"};
/// Longer than any image; symbols that lie further apart are damaged.
constexpr std::uint64_t largest_image = 1ULL << 30;

std::optional<unsigned> page_shift_of(const Vmcoreinfo& info) {
  const std::string_view text = info.text("PAGESIZE").value_or("");
  std::uint64_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  for (const unsigned shift : {page_shift_4k, page_shift_16k, page_shift_64k})
    if (size == 1ULL << shift) return shift;
  return std::nullopt;
}

/// VA_BITS_MIN (arch/arm64/include/asm/memory.h): where the linear map of a kernel for 52 bits ends does not
/// depend on what the machine has.
unsigned least_va_bits(unsigned va_bits, unsigned page_shift) {
  return std::min(va_bits, page_shift == page_shift_16k && va_bits > 48 ? 47U : 48U);
}

void add_image(Arm64::Parameters& p, const Vmcoreinfo& info) {
  p.image_begin = p.image_end = p.root;
  for (const std::string_view name : of_image) {
    const std::uint64_t at = info.symbol(name).value_or(p.root);
    if (std::max(at, p.image_end) - std::min(at, p.image_begin) > largest_image) continue;
    p.image_begin = std::min(p.image_begin, at);
    p.image_end = std::max(p.image_end, at);
  }
  // Whole pages: what the last symbol names begins there.
  const std::uint64_t inside = low_bits(p.page_shift);
  p.image_begin &= ~inside;
  p.image_end = (p.image_end | inside) + 1;
}

bool holds(std::uint64_t begin, std::uint64_t end, std::uint64_t address) {
  return address >= begin && address < end;
}

} // namespace

std::optional<Arm64::Parameters> Arm64::parameters(const Vmcoreinfo& info) {
  const auto voffset = info.number("kimage_voffset"), root = info.symbol("swapper_pg_dir"),
             va_bits = info.number("VA_BITS");
  const auto page_shift = page_shift_of(info);
  if (!voffset || !root || !va_bits || !page_shift || *va_bits < 36 || *va_bits > 52) return std::nullopt;
  // Before 5.4 (commit 2c624fe68715) there was no difference, and no key.
  const std::uint64_t actual = 64 - info.number("TCR_EL1_T1SZ").value_or(64 - *va_bits);
  if (actual < 36 || actual > *va_bits) return std::nullopt;
  Parameters p{.root = *root, .kimage_voffset = *voffset, .page_shift = *page_shift};
  p.phys_offset = info.number("PHYS_OFFSET");
  p.signature = info.number("KERNELPACMASK").value_or(0);
  p.va_bits = static_cast<unsigned>(*va_bits);
  p.actual_va_bits = static_cast<unsigned>(actual);
  add_image(p, info);
  return p;
}

/// With pages of 64 KiB a kernel for 52 bits indexes with all of them, whatever the machine has; with smaller
/// ones it folds the level that it does not need (lpa2_is_enabled() is false).
PageWalker::Shape Arm64::shape_of(const Parameters& p) {
  return {.root = p.root - p.kimage_voffset,
          .first = ~0ULL << p.actual_va_bits,
          .page_shift = p.page_shift,
          .bits = p.page_shift == page_shift_64k ? p.va_bits : p.actual_va_bits};
}

Arm64::Arm64(const memory::Source& source, const Parameters& parameters)
    : PageWalker(source, shape_of(parameters)), p_(parameters),
      lpa2_(p_.page_shift != page_shift_64k && p_.actual_va_bits == 52),
      image_{p_.image_begin, p_.image_end, p_.kimage_voffset} {}

/// The Arm ARM's "block descriptor": 2 MiB and 1 GiB, 32 MiB, 512 MiB; with LPA2 512 GiB and 64 GiB, too.
bool Arm64::may_be_block(unsigned level) const {
  if (level == 1) return true;
  if (p_.page_shift == page_shift_4k) return level == 2 || (lpa2_ && level == 3);
  return p_.page_shift == page_shift_16k && lpa2_ && level == 2;
}

/// Bits 47 up; above them those that 52 bits of physical address keep in the lower part of the descriptor
/// (__pte_to_phys() in arch/arm64/include/asm/pgtable.h).
std::uint64_t Arm64::output_address(std::uint64_t entry) const {
  if (lpa2_) return (entry & low_bits(50) & ~low_bits(p_.page_shift)) | (entry >> 8 & 3) << 50;
  const std::uint64_t address = entry & low_bits(48) & ~low_bits(p_.page_shift);
  return p_.page_shift == page_shift_64k ? address | (entry >> 12 & 15) << 48 : address;
}

PageWalker::Entry Arm64::decode(std::uint64_t entry, unsigned level) const {
  const bool is_block = (entry & not_a_block) == 0;
  if (is_block && !may_be_block(level)) return {}; // reserved: faults as an empty one does
  const std::uint64_t to = output_address(entry);
  if (!is_block && level != 0) return {Entry::Kind::table, to};
  return {Entry::Kind::page, to & ~low_bits(shape().shift(level))};
}

bool Arm64::use_image(std::uint64_t begin, std::uint64_t end) {
  Mapping mapping;
  if (begin < shape().first || begin >= end || end - begin > largest_image) return false;
  const Fault fault = walk(begin, &mapping);
  if (fault == Fault::unmapped || (fault == Fault::none && mapping.physical != begin - p_.kimage_voffset))
    return false;
  const std::uint64_t inside = low_bits(p_.page_shift);
  image_ = {begin, (end + inside) & ~inside, p_.kimage_voffset};
  return true;
}

bool Arm64::use_linear_map() {
  if (!p_.phys_offset) return false;
  const std::uint64_t page_offset = ~0ULL << p_.va_bits, offset = page_offset - *p_.phys_offset,
                      page_end = ~0ULL << (least_va_bits(p_.va_bits, p_.page_shift) - 1);
  Window linear{.begin = page_end, .end = 0, .offset = offset};
  for (const auto& segment : source().segments()) {
    const std::uint64_t begin = segment.address + offset;
    if (begin < shape().first || begin >= page_end) continue; // no memory of the kernel's
    Mapping mapping;
    const Fault fault = walk(begin, &mapping);
    if (fault == Fault::none && mapping.physical != segment.address) return false;
    if (fault == Fault::unmapped)
      continue; // of the firmware; a table that is not in the dump disproves nothing
    linear.begin = std::min(linear.begin, begin);
    linear.end = std::max(linear.end, begin + std::min(segment.size, page_end - begin));
  }
  if (linear.begin >= linear.end) return false;
  linear_ = linear;
  return true;
}

void Arm64::take_symbols(const Symbols& symbols) {
  // In front of _stext is the header that the boot loader reads, which is not mapped.
  const auto begin = symbols.find("_stext"), end = symbols.find("_end");
  if (begin && end) use_image(*begin, *end);
  use_linear_map();
}

Fault Arm64::translate(std::uint64_t address, Mapping* out) const {
  address = untagged(address);
  for (const Window& window : {image_, linear_}) {
    if (!holds(window.begin, window.end, address)) continue;
    *out = {address - window.offset, window.end - address};
    return Fault::none;
  }
  return walk(address, out);
}

Region Arm64::next_region(std::uint64_t begin, std::uint64_t end, std::uint64_t* entries) const {
  const std::uint64_t tag = begin - untagged(begin); // goes along, so that what is found is in the range
  if (untagged(end - 1) != end - 1 - tag) return PageWalker::next_region(begin, end, entries);
  Region region = PageWalker::next_region(begin - tag, end - tag, entries);
  region.address += tag;
  return region;
}

} // namespace mapscope::target
