// SPDX-License-Identifier: Apache-2.0
#include "host/target/find_vmcoreinfo.hpp"

#include <algorithm>
#include <cstring>

namespace mapscope::target {

namespace {

constexpr std::uint64_t page = 4096; ///< vmcoreinfo_data and vmcoreinfo_note are page allocations
constexpr std::string_view first_key = "OSRELEASE=";
/// ELF note header (12 bytes) and the padded name "VMCOREINFO\0\0" in front of the text.
constexpr std::string_view note_name = "VMCOREINFO";
constexpr std::size_t note_name_at = 12, note_text_at = 24;

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

std::optional<Vmcoreinfo> scan_segment(const memory::Source& source, const memory::Segment& segment) {
  const std::uint64_t end = segment.address + segment.present;
  std::uint64_t address = segment.address + (0 - segment.address) % page; // up to a page's start
  for (; address >= segment.address && address < end; address += page) {
    // Two pages, since a note's text begins a little into its page and may fill one.
    const auto bytes = source.view(address, std::min(2 * page, end - address));
    const std::string_view text = candidate(as_text(bytes));
    if (text.empty()) continue;
    auto info = Vmcoreinfo::parse(text);
    if (check(info, source) == Verdict::confirmed) return info;
  }
  return std::nullopt;
}

/// struct uts_namespace begins with name since 5.11 (commit 9a56493f6942), which also brought the key;
/// before, a struct kref lay in front.
constexpr std::uint64_t name_before_5_11 = 4;
/// struct new_utsname, include/uapi/linux/utsname.h: fields of 65 bytes, release is the third.
constexpr std::uint64_t field = 65, release = 2;

} // namespace

Verdict check(const Vmcoreinfo& info, const memory::Source& source) {
  const auto uts = info.symbol("init_uts_ns");
  const auto parameters = X86_64::parameters(info);
  if (!uts || !parameters) return Verdict::unreadable;
  const std::uint64_t name = info.offset("uts_namespace.name").value_or(name_before_5_11);
  const X86_64 translator(source, *parameters);
  Reader reader({&source, &translator});
  const std::string found = reader.text(*uts + name + release * field, field);
  if (found.empty() && !reader.get<char>(*uts + name + release * field)) return Verdict::unreadable;
  return found == info.release() && !found.empty() ? Verdict::confirmed : Verdict::contradicted;
}

FoundVmcoreinfo find_vmcoreinfo(const memory::Source& source) {
  auto note = Vmcoreinfo::parse(source.vmcoreinfo());
  if (!note.empty() && check(note, source) != Verdict::contradicted) return {std::move(note), true};
  for (const auto& segment : source.segments())
    if (auto info = scan_segment(source, segment)) return {std::move(*info), false};
  const bool from_note = !note.empty();
  return {std::move(note), from_note};
}

} // namespace mapscope::target
