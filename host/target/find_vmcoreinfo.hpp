// SPDX-License-Identifier: Apache-2.0
// The VMCOREINFO texts of a dump, from its note and from the memory itself, and what the memory says of each.
#pragma once

#include "host/memory/source.hpp"
#include "host/target/vmcoreinfo.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mapscope::target {

enum class Verdict : std::uint8_t {
  confirmed, ///< init_uts_ns, where the text puts it, names the same release, and its page tables lead there
  contradicted, ///< something else lies there
  unreadable,   ///< the dump does not hold it
  incomplete,   ///< the text does not say where it is
};

/// What the memory says of a VMCOREINFO.
struct Checked {
  Verdict verdict = Verdict::incomplete;
  std::string why; ///< a clause; "" when confirmed
  /// Physical address of the kernel's name of itself. No two kernels share it, so copies of one text tell
  /// themselves by it from those of another kernel. 0 when the text does not say.
  std::uint64_t identity = 0;
  [[nodiscard]] bool confirmed() const { return verdict == Verdict::confirmed; }
};
Checked check(const Vmcoreinfo& info, const memory::Source& source);
/// Confirmed, and by page tables that are there: a source that lacks some is laid out wrongly, or is not
/// whole.
bool is_proven(const Vmcoreinfo& info, const memory::Source& source);
/// Where the memory would name the release, by what the text says of the image's place.
std::optional<std::uint64_t> physical_release(const Vmcoreinfo& info);

/// Of a kernel whose VMCOREINFO is not there, and was put together from what it says in other places.
inline constexpr std::string_view from_symbols = "symbols";

struct FoundVmcoreinfo {
  Vmcoreinfo info;
  std::string from;          ///< "note", "memory", from_symbols, or the name of a file
  std::uint64_t address = 0; ///< physical, of a copy in the memory
  Checked checked;

  /// "6.12.3 (build id 12ab..), VMCOREINFO in the note"
  [[nodiscard]] std::string described() const;
};

/// "1: Linux 6.12.3, ...; 2: ..."
std::string listed(std::span<const FoundVmcoreinfo> kernels);

/// The note of the file; nothing when there is none.
std::optional<FoundVmcoreinfo> note_of(const memory::Source& source);

/// Physical addresses [begin, end).
struct PhysicalRange {
  std::uint64_t begin = 0, end = ~0ULL;
};
/// Every copy in the memory, by address: a kernel has two or three of its own, and there are those of earlier
/// boots and of files. A pass over all of the range.
std::vector<FoundVmcoreinfo> copies_in_memory(const memory::Source& source, PhysicalRange range = {});

/// One text of each kernel that the memory confirms, in order: the note's, then by address of the text.
std::vector<FoundVmcoreinfo> kernels_of(std::optional<FoundVmcoreinfo> note,
                                        std::vector<FoundVmcoreinfo> copies);

} // namespace mapscope::target
