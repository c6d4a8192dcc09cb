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
  std::uint64_t address = (segment.address + page - 1) & ~(page - 1);
  const std::uint64_t end = segment.address + segment.present;
  for (; address < end; address += page) {
    // Two pages, since a note's text begins a little into its page and may fill one.
    const auto bytes = source.view(address, std::min(2 * page, end - address));
    const std::string_view text = candidate(as_text(bytes));
    if (text.empty()) continue;
    auto info = Vmcoreinfo::parse(text);
    if (describes(info, source)) return info;
  }
  return std::nullopt;
}

} // namespace

bool describes(const Vmcoreinfo& info, const memory::Source& source) {
  const auto uts = info.symbol("init_uts_ns"), name = info.offset("uts_namespace.name");
  const auto parameters = X86_64::parameters(info);
  if (!uts || !name || !parameters) return false;
  constexpr std::uint64_t field = 65, release = 2; // struct new_utsname, include/uapi/linux/utsname.h
  const X86_64 translator(source, *parameters);
  return Reader({&source, &translator}).text(*uts + *name + release * field, field) == info.release();
}

FoundVmcoreinfo find_vmcoreinfo(const memory::Source& source) {
  if (!source.vmcoreinfo().empty()) return {Vmcoreinfo::parse(source.vmcoreinfo()), true};
  for (const auto& segment : source.segments())
    if (auto info = scan_segment(source, segment)) return {std::move(*info), false};
  return {};
}

} // namespace mapscope::target
