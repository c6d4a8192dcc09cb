// SPDX-License-Identifier: Apache-2.0
#include "host/target/find_vmcoreinfo.hpp"

#include "host/base/parallel.hpp"
#include "host/memory/raw_image.hpp"
#include "host/target/architectures.hpp"
#include "host/target/arm64.hpp"
#include "host/target/x86_64.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::target {

namespace {

/// vmcoreinfo_data and vmcoreinfo_note are page allocations; the smallest page of all architectures.
constexpr std::uint64_t page = 4096;
constexpr std::string_view first_key = "OSRELEASE=";
/// ELF note header (12 bytes) and the padded name "VMCOREINFO\0\0" in front of the text.
constexpr std::string_view note_name = "VMCOREINFO";
constexpr std::size_t note_name_at = 12, note_text_at = 24;
/// Of real ones there are a handful; memory may be full of what looks like one.
constexpr std::size_t most_copies = 256;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The text a page begins with, bare or as a note; empty for all other pages.
std::string_view candidate(std::string_view bytes) {
  if (bytes.starts_with(first_key)) return bytes;
  if (bytes.size() > note_text_at && bytes.substr(note_name_at).starts_with(note_name) &&
      bytes.substr(note_text_at).starts_with(first_key))
    return bytes.substr(note_text_at);
  return {};
}

/// Addresses of pages that begin like VMCOREINFO: one pass, by as many threads as there are CPUs.
class Candidates {
public:
  Candidates(const memory::Source& source, PhysicalRange range) : source_(source) {
    for (const auto& segment : source.segments()) {
      const std::uint64_t begin = std::max(segment.address, range.begin), first = begin + (0 - begin) % page;
      if (first >= begin) divide(first, std::min(segment.address + segment.present, range.end));
    }
  }

  [[nodiscard]] std::vector<std::uint64_t> all() const {
    std::vector<std::vector<std::uint64_t>> found(pieces_.size());
    in_parallel(pieces_.size(), [&](std::size_t i) { found[i] = those_in(pieces_[i]); });
    std::vector<std::uint64_t> addresses;
    for (const auto& some : found) addresses.insert(addresses.end(), some.begin(), some.end());
    return addresses;
  }

private:
  static constexpr std::uint64_t piece_bytes = 64U << 20;
  static constexpr std::size_t at_once = 256U << 10; ///< stays in the cache of one CPU
  static constexpr std::size_t most_in_front = 64;   ///< of what tells a page apart

  void divide(std::uint64_t begin, std::uint64_t end) {
    for (; begin < end; begin += std::min(piece_bytes, end - begin))
      pieces_.push_back({begin, begin + std::min(piece_bytes, end - begin)});
  }

  [[nodiscard]] std::vector<std::uint64_t> those_in(const PhysicalRange& piece) const {
    std::vector<std::uint64_t> found;
    std::vector<std::byte> buffer;
    for (std::uint64_t address = piece.begin; address < piece.end && found.size() < most_copies;) {
      address = source_.behind_holes(address, piece.end) / page * page;
      if (address >= piece.end) break;
      const std::uint64_t left = piece.end - address;
      const auto bytes = source_.glance(address, std::min<std::uint64_t>(at_once, left), buffer);
      for (std::size_t at = 0; at < bytes.size() && found.size() < most_copies; at += page)
        if (!candidate(as_text(bytes.subspan(at, std::min(most_in_front, bytes.size() - at)))).empty())
          found.push_back(address + at);
      const std::uint64_t seen = std::max<std::uint64_t>(bytes.size(), 1);
      if (seen >= left) break;
      address += seen + (0 - seen) % page;
    }
    return found;
  }

  const memory::Source& source_;
  std::vector<PhysicalRange> pieces_;
};

/// Of a raw image that is laid out again and again the file is read once.
std::vector<std::uint64_t> candidates_in(const memory::Source& source, PhysicalRange range) {
  const memory::RawImage* const image = source.raw_image();
  if (image == nullptr) return Candidates(source, range).all();
  auto addresses = image->found_once([&] { return Candidates(source, {}).all(); });
  std::erase_if(addresses, [&](std::uint64_t at) { return at < range.begin || at >= range.end; });
  return addresses;
}

FoundVmcoreinfo copy_at(std::uint64_t address, const memory::Source& source) {
  // Two pages, since a note's text begins a little into its page and may fill one.
  std::array<std::byte, 2 * page> bytes{};
  const std::size_t read = source.read(address, bytes);
  const std::string_view text = candidate(as_text(std::span(bytes).first(read)));
  FoundVmcoreinfo copy{Vmcoreinfo::parse(text), "memory", address, {}};
  copy.checked = check(copy.info, source);
  return copy;
}

/// struct uts_namespace begins with name since 5.11 (commit 9a56493f6942), which also brought the key;
/// before, a struct kref lay in front.
constexpr std::uint64_t name_before_5_11 = 4;
/// struct new_utsname, include/uapi/linux/utsname.h: fields of 65 bytes, release is the third.
constexpr std::uint64_t field = 65, release = 2;

/// Virtual address of the kernel's release, as the text has it.
std::optional<std::uint64_t> release_at(const Vmcoreinfo& info) {
  const auto uts = info.symbol("init_uts_ns");
  if (!uts) return std::nullopt;
  return *uts + info.offset("uts_namespace.name").value_or(name_before_5_11) + release * field;
}

/// The page tables map the image as the arithmetic of its offset does. Tables that the dump lacks disprove
/// nothing.
bool tables_agree(const PageWalker& translator, std::uint64_t address, std::uint64_t physical) {
  Mapping mapping;
  const Fault fault = translator.walk(address, &mapping);
  return fault == Fault::not_in_dump || (fault == Fault::none && mapping.physical == physical);
}

} // namespace

std::optional<std::uint64_t> physical_release(const Vmcoreinfo& info) {
  const auto uts = release_at(info);
  if (!uts) return std::nullopt;
  if (const auto arm64 = Arm64::parameters(info)) return *uts - arm64->kimage_voffset;
  const auto x86 = X86_64::parameters(info);
  if (!x86 || *uts < X86_64::image_base) return std::nullopt;
  return *uts - X86_64::image_base + x86->phys_base;
}

Checked check(const Vmcoreinfo& info, const memory::Source& source) {
  const auto uts = release_at(info);
  const auto translator = make_translator(source, info);
  if (!translator) return {Verdict::incomplete, translator.error().text, 0};
  if (!uts) return {Verdict::incomplete, "it lacks init_uts_ns", 0};
  const std::uint64_t at = *uts;
  Mapping mapping;
  if ((*translator)->translate(at, &mapping) != Fault::none)
    return {Verdict::unreadable, "the kernel's own release is not in the dump where it says", 0};
  Reader reader({&source, translator->get()});
  const std::string found = reader.text(at, field);
  if (found.empty() && !reader.get<char>(at))
    return {Verdict::unreadable, "the kernel's own release is not in the dump where it says",
            mapping.physical};
  if (found.empty() || found != info.release())
    return {Verdict::contradicted, "the kernel's own release is not where it says", mapping.physical};
  if (!tables_agree(**translator, at, mapping.physical))
    return {Verdict::contradicted, "the kernel's page tables are not where it says", mapping.physical};
  return {Verdict::confirmed, "", mapping.physical};
}

bool is_proven(const Vmcoreinfo& info, const memory::Source& source) {
  const Checked checked = check(info, source);
  const auto translator = make_translator(source, info);
  const auto address = release_at(info);
  if (!checked.confirmed() || !translator || !address) return false;
  Mapping mapping;
  return (*translator)->walk(*address, &mapping) == Fault::none && mapping.physical == checked.identity;
}

std::string FoundVmcoreinfo::described() const {
  const std::string_view id = info.build_id();
  const std::string where = from == "memory" ? fmt::format("memory at {:#x}", address) : from;
  return fmt::format("Linux {}{} ({}{})", info.release(), id.empty() ? "" : fmt::format(", build id {}", id),
                     from == from_symbols ? "no VMCOREINFO; found by its " : "VMCOREINFO in the ", where);
}

std::string listed(std::span<const FoundVmcoreinfo> kernels) {
  std::string text;
  for (std::size_t i = 0; i < kernels.size(); ++i)
    text += fmt::format("{}{}: {}", i == 0 ? "" : "; ", i + 1, kernels[i].described());
  return text;
}

std::optional<FoundVmcoreinfo> note_of(const memory::Source& source) {
  FoundVmcoreinfo note{Vmcoreinfo::parse(source.vmcoreinfo()), "note", 0, {}};
  if (note.info.empty()) return std::nullopt;
  note.checked = check(note.info, source);
  return note;
}

std::vector<FoundVmcoreinfo> copies_in_memory(const memory::Source& source, PhysicalRange range) {
  auto addresses = candidates_in(source, range);
  addresses.resize(std::min(addresses.size(), most_copies));
  std::vector<FoundVmcoreinfo> copies;
  copies.reserve(addresses.size());
  for (const std::uint64_t address : addresses) copies.push_back(copy_at(address, source));
  return copies;
}

std::vector<FoundVmcoreinfo> kernels_of(std::optional<FoundVmcoreinfo> note,
                                        std::vector<FoundVmcoreinfo> copies) {
  std::vector<FoundVmcoreinfo> kernels;
  if (note && note->checked.confirmed()) kernels.push_back(std::move(*note));
  for (FoundVmcoreinfo& copy : copies) {
    const bool known = std::ranges::any_of(kernels, [&](const FoundVmcoreinfo& kernel) {
      return kernel.checked.identity == copy.checked.identity;
    });
    if (copy.checked.confirmed() && !known) kernels.push_back(std::move(copy));
  }
  return kernels;
}

} // namespace mapscope::target
