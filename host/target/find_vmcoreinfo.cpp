// SPDX-License-Identifier: Apache-2.0
#include "host/target/find_vmcoreinfo.hpp"

#include "host/target/architectures.hpp"

#include <algorithm>
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

class Scan {
public:
  Scan(const memory::Source& source, PhysicalRange range) : source_(source), range_(range) {}

  std::vector<FoundVmcoreinfo> all() {
    for (const auto& segment : source_.segments()) {
      const std::uint64_t begin = std::max(segment.address, range_.begin), first = begin + (0 - begin) % page;
      if (first >= begin) pages(first, std::min(segment.address + segment.present, range_.end));
    }
    return std::move(found_);
  }

private:
  void pages(std::uint64_t address, std::uint64_t end) {
    while (address < end && found_.size() < most_copies) {
      const auto bytes = source_.view(address, end - address);
      for (std::size_t at = 0; at < bytes.size() && found_.size() < most_copies; at += page)
        // Two pages, since a note's text begins a little into its page and may fill one.
        look_at(address + at, as_text(bytes.subspan(at, std::min(2 * page, bytes.size() - at))));
      const std::uint64_t seen = std::max<std::uint64_t>(bytes.size(), 1);
      if (seen >= end - address) return;
      address += seen + (0 - seen) % page;
    }
  }

  void look_at(std::uint64_t address, std::string_view bytes) {
    const std::string_view text = candidate(bytes);
    if (text.empty()) return;
    FoundVmcoreinfo copy{Vmcoreinfo::parse(text), "memory", address, {}};
    copy.checked = check(copy.info, source_);
    found_.push_back(std::move(copy));
  }

  const memory::Source& source_;
  PhysicalRange range_;
  std::vector<FoundVmcoreinfo> found_;
};

/// struct uts_namespace begins with name since 5.11 (commit 9a56493f6942), which also brought the key;
/// before, a struct kref lay in front.
constexpr std::uint64_t name_before_5_11 = 4;
/// struct new_utsname, include/uapi/linux/utsname.h: fields of 65 bytes, release is the third.
constexpr std::uint64_t field = 65, release = 2;

/// The page tables map the image as the arithmetic of its offset does. Tables that the dump lacks disprove
/// nothing.
bool tables_agree(const PageWalker& translator, std::uint64_t address, std::uint64_t physical) {
  Mapping mapping;
  const Fault fault = translator.walk(address, &mapping);
  return fault == Fault::not_in_dump || (fault == Fault::none && mapping.physical == physical);
}

} // namespace

Checked check(const Vmcoreinfo& info, const memory::Source& source) {
  const auto uts = info.symbol("init_uts_ns");
  const auto translator = make_translator(source, info);
  if (!translator) return {Verdict::incomplete, translator.error().text, 0};
  if (!uts) return {Verdict::incomplete, "it lacks init_uts_ns", 0};
  const std::uint64_t at =
      *uts + info.offset("uts_namespace.name").value_or(name_before_5_11) + release * field;
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

std::string FoundVmcoreinfo::described() const {
  const std::string_view id = info.build_id();
  return fmt::format("Linux {}{} (VMCOREINFO in the {})", info.release(),
                     id.empty() ? "" : fmt::format(", build id {}", id),
                     from == "memory" ? fmt::format("memory at {:#x}", address) : from);
}

std::optional<FoundVmcoreinfo> note_of(const memory::Source& source) {
  FoundVmcoreinfo note{Vmcoreinfo::parse(source.vmcoreinfo()), "note", 0, {}};
  if (note.info.empty()) return std::nullopt;
  note.checked = check(note.info, source);
  return note;
}

std::vector<FoundVmcoreinfo> copies_in_memory(const memory::Source& source, PhysicalRange range) {
  return Scan(source, range).all();
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
