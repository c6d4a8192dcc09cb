// SPDX-License-Identifier: Apache-2.0
#include "host/target/without_vmcoreinfo.hpp"

#include "host/memory/search.hpp"
#include "host/target/arm64.hpp"
#include "host/target/kallsyms_shape.hpp"
#include "host/target/x86_64.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

namespace mapscope::target {

namespace {

constexpr std::string_view banner_begin = "Linux version ";
constexpr std::size_t banner_most = 256, most_banners = 4096;

/// Every address is its own physical one: for reading tables before the kernel's own addresses are known.
class Identity final : public Translator {
public:
  Fault translate(std::uint64_t address, Mapping* out) const override {
    *out = {address, ~address};
    return Fault::none;
  }
  Region next_region(std::uint64_t /*begin*/, std::uint64_t end, std::uint64_t* /*entries*/) const override {
    return {.fault = Fault::unmapped, .address = end};
  }
  unsigned levels() const override { return 0; }
  std::uint64_t page_size() const override { return 4096; }
};

/// What arm64's kernels can be built for; of one for 52 bits on a machine with less the tables are the same,
/// but that smaller pages than 64 KiB then have those for 48.
struct Granule {
  unsigned page_shift, va_bits;
};
constexpr std::array<Granule, 10> granules = {
    {{12, 48}, {12, 39}, {12, 52}, {14, 47}, {14, 48}, {14, 36}, {14, 52}, {16, 48}, {16, 42}, {16, 52}}};

std::string text_at(const memory::Source& source, std::uint64_t physical) {
  std::string text(banner_most, '\0');
  text.resize(source.read(physical, std::as_writable_bytes(std::span(text))));
  return text.substr(0, text.find('\0'));
}

/// "Linux version 6.12.1-amd64 (who built it) ..." (init/version-timestamp.c)
std::string release_of(std::string_view banner) {
  if (!banner.starts_with(banner_begin)) return "";
  banner.remove_prefix(banner_begin.size());
  return std::string(banner.substr(0, banner.find(' ')));
}

/// Where texts lie that begin like the banner; the kernel's log, and files, hold copies of it.
std::vector<std::uint64_t> banners_in(const memory::Source& source) {
  std::vector<std::uint64_t> found;
  memory::search(source, std::as_bytes(std::span(banner_begin)), 0, ~0ULL, [&](std::uint64_t at) {
    found.push_back(at);
    return found.size() < most_banners;
  });
  return found;
}

/// One kernel's, by its symbol tables.
class Rebuild {
public:
  Rebuild(const memory::Source& source, const KallsymsShape& shape) : source_(source), shape_(shape) {}

  std::optional<FoundVmcoreinfo> run(const std::vector<std::uint64_t>& banners) {
    if (!find_symbols()) return std::nullopt;
    if (shape_.encoding == SymbolEncoding::self_relative) return at_banner(banner_); // already a physical one
    for (const std::uint64_t physical : banners)
      if (auto found = at_banner(physical)) return found;
    return std::nullopt;
  }

private:
  bool find_symbols() {
    constexpr std::array<std::string_view, 7> names = {"linux_banner", "init_top_pgt", "swapper_pg_dir",
                                                       "init_uts_ns",  "_stext",       "sme_me_mask",
                                                       "memstart_addr"};
    const Identity identity;
    const auto read = read_kallsyms({&source_, &identity}, shape_.places, {{}, shape_.encoding}, names);
    if (!read) return false;
    const Symbols& symbols = *read->symbols;
    const auto banner = symbols.find("linux_banner"), uts = symbols.find("init_uts_ns"),
               stext = symbols.find("_stext"), x86_root = symbols.find("init_top_pgt");
    const auto root = x86_root ? x86_root : symbols.find("swapper_pg_dir"); // a macro on x86-64
    if (!banner || !root || !uts || !stext) return false;
    banner_ = *banner, root_ = *root, uts_ = *uts, stext_ = *stext;
    is_arm64_ = !x86_root;
    sme_mask_at_ = symbols.find("sme_me_mask"), memstart_at_ = symbols.find("memstart_addr");
    return true;
  }

  std::optional<FoundVmcoreinfo> at_banner(std::uint64_t physical) {
    release_ = release_of(text_at(source_, physical));
    if (release_.empty()) return std::nullopt;
    to_physical_ = physical - banner_;
    return is_arm64_ ? at_banner_of_arm64(physical) : at_banner_of_x86_64(physical);
  }

  std::optional<FoundVmcoreinfo> at_banner_of_x86_64(std::uint64_t physical) {
    for (const unsigned levels : {4U, 5U})
      if (const auto address = mapped_at(physical, levels))
        return written_x86_64(*address - physical, levels);
    return std::nullopt;
  }

  std::optional<FoundVmcoreinfo> at_banner_of_arm64(std::uint64_t physical) {
    for (const Granule& granule : granules)
      if (const auto address = has_root(granule) ? mapped_at(physical, granule) : std::nullopt)
        return written_arm64(*address - physical, granule);
    return std::nullopt;
  }

  /// The root is a page of its own (vmlinux.lds.S); of larger pages it would be another table.
  [[nodiscard]] bool has_root(const Granule& granule) const {
    return (root_ + to_physical_) % (std::uint64_t{1} << granule.page_shift) == 0;
  }

  /// The image is above the linear map, which has all of memory, too.
  [[nodiscard]] std::optional<std::uint64_t> mapped_at(std::uint64_t physical, const Granule& granule) const {
    // PAGE_END and VA_BITS_MIN, arch/arm64/include/asm/memory.h
    const unsigned least =
        std::min(granule.va_bits, granule.page_shift == 14 && granule.va_bits > 48 ? 47U : 48U);
    const Arm64 tables(source_, {.root = root_ + to_physical_,
                                 .kimage_voffset = 0,
                                 .page_shift = granule.page_shift,
                                 .va_bits = granule.va_bits,
                                 .actual_va_bits = granule.va_bits});
    Mapping mapping;
    if (say_addresses()) {
      const bool is_there = tables.walk(banner_, &mapping) == Fault::none && mapping.physical == physical;
      return is_there ? std::optional(banner_) : std::nullopt;
    }
    return found_in(tables, ~0ULL << (least - 1), ~0ULL, physical);
  }

  /// What the tables have first of what maps `physical`.
  static std::optional<std::uint64_t> found_in(const PageWalker& tables, std::uint64_t begin,
                                               std::uint64_t end, std::uint64_t physical) {
    std::uint64_t entries = 1U << 20;
    for (std::uint64_t at = begin; at < end;) {
      const Region region = tables.next_region(at, end, &entries);
      if (region.fault != Fault::none) return std::nullopt;
      if (physical >= region.physical && physical - region.physical < region.size)
        return region.address + (physical - region.physical);
      at = region.address + region.size;
    }
    return std::nullopt;
  }

  /// The kernel's address of what lies at `physical` in its image, by its page tables.
  [[nodiscard]] std::optional<std::uint64_t> mapped_at(std::uint64_t physical, unsigned levels) const {
    constexpr std::uint64_t image = 1ULL << 30, base = X86_64::image_base;
    const X86_64 tables(source_, {.phys_base = 0,
                                  .root = root_ + to_physical_ + base, // so that it is found where it lies
                                  .levels = levels,
                                  .sme_mask = sme_mask()});
    const auto address = found_in(tables, base, base + image, physical);
    return address && (*address == banner_ || !say_addresses()) ? address : std::nullopt;
  }

  /// Else they say physical ones.
  [[nodiscard]] bool say_addresses() const { return shape_.encoding != SymbolEncoding::self_relative; }

  [[nodiscard]] std::uint64_t sme_mask() const {
    std::uint64_t mask = 0;
    if (sme_mask_at_)
      (void)source_.read(*sme_mask_at_ + to_physical_, std::as_writable_bytes(std::span(&mask, 1)));
    return mask;
  }

  /// `to_virtual`: from physical addresses of the image.
  [[nodiscard]] FoundVmcoreinfo written_x86_64(std::uint64_t to_virtual, unsigned levels) const {
    std::string text =
        fmt::format("NUMBER(phys_base)={}\nNUMBER(pgtable_l5_enabled)={}\nNUMBER(sme_mask)={}\n",
                    static_cast<std::int64_t>(X86_64::image_base - to_virtual), levels == 5 ? 1 : 0,
                    static_cast<std::int64_t>(sme_mask()));
    constexpr std::uint64_t linked_at = X86_64::image_base + 0x1000000; // CONFIG_PHYSICAL_START
    text +=
        fmt::format("KERNELOFFSET={:x}\n", (stext_ + to_physical_ + to_virtual - linked_at) & ~0xfffffULL);
    return written(to_virtual, text);
  }

  /// A pointer that is signed has its own bits where those of a kernel's address are all ones.
  [[nodiscard]] FoundVmcoreinfo written_arm64(std::uint64_t to_virtual, const Granule& granule) const {
    std::string text = fmt::format(
        "NUMBER(kimage_voffset)={:#x}\nPAGESIZE={}\nNUMBER(VA_BITS)={}\nNUMBER(KERNELPACMASK)={:#x}\n",
        to_virtual, 1U << granule.page_shift, granule.va_bits, ~0ULL << granule.va_bits);
    std::uint64_t begin = 0; // of memory, as the linear map has it
    if (memstart_at_ && source_.read(*memstart_at_ + to_physical_,
                                     std::as_writable_bytes(std::span(&begin, 1))) == sizeof begin)
      text += fmt::format("NUMBER(PHYS_OFFSET)={:#x}\n", begin);
    return written(to_virtual, text);
  }

  [[nodiscard]] FoundVmcoreinfo written(std::uint64_t to_virtual, const std::string& of_architecture) const {
    const auto symbol = [&](std::string_view name, std::uint64_t physical) {
      return fmt::format("SYMBOL({})={:x}\n", name, physical + to_virtual);
    };
    std::string text = fmt::format("OSRELEASE={}\n", release_);
    text += symbol("init_uts_ns", uts_ + to_physical_) + symbol("_stext", stext_ + to_physical_) +
            symbol("swapper_pg_dir", root_ + to_physical_);
    text += fmt::format("OFFSET(uts_namespace.name)={}\n", name_in_uts()) + of_architecture;
    FoundVmcoreinfo found{Vmcoreinfo::parse(text), std::string(from_symbols), stext_ + to_physical_, {}};
    found.checked = check(found.info, source_);
    return found;
  }

  /// struct new_utsname at the start of struct uts_namespace, or behind a struct kref (before 5.11).
  [[nodiscard]] unsigned name_in_uts() const {
    constexpr std::uint64_t release = 130;
    const bool is_first = text_at(source_, uts_ + to_physical_ + release) == release_;
    return is_first ? 0 : 4;
  }

  const memory::Source& source_;
  const KallsymsShape& shape_;
  std::uint64_t banner_ = 0, root_ = 0, uts_ = 0, stext_ = 0; ///< by the symbols
  std::optional<std::uint64_t> sme_mask_at_, memstart_at_;
  bool is_arm64_ = false;
  std::uint64_t to_physical_ = 0; ///< from what the symbols say
  std::string release_;
};

} // namespace

std::vector<FoundVmcoreinfo> rebuilt_vmcoreinfo(const memory::Source& source) {
  std::vector<FoundVmcoreinfo> kernels;
  const auto shapes = kallsyms_by_shape(source, 0, ~0ULL);
  if (shapes.empty()) return kernels;
  const auto banners = banners_in(source);
  for (const KallsymsShape& shape : shapes)
    if (auto kernel = Rebuild(source, shape).run(banners)) kernels.push_back(std::move(*kernel));
  return kernels;
}

std::vector<FoundVmcoreinfo> kernels_in(const memory::Source& source, std::optional<FoundVmcoreinfo> note) {
  auto kernels = kernels_of(std::move(note), copies_in_memory(source));
  if (kernels.empty()) kernels = kernels_of(std::nullopt, rebuilt_vmcoreinfo(source));
  return kernels;
}

} // namespace mapscope::target
