// SPDX-License-Identifier: Apache-2.0
// LiME's form (of the kernel module, and of AVML without compression): each range of RAM behind a header that
// says where it lies. Mapped in place.
//
// Refuses: to look for ranges behind bytes that are no header; what comes before them is shown, and it is
// said. LiME's "padded" form has no headers: it is a raw image. Thread rule: as Source.
#pragma once

#include "host/memory/mapped_file.hpp"
#include "host/memory/source.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace mapscope::memory {

/// One range, as its 32 bytes say; AVML's compressed form has the same with another magic and version.
struct RangeHeader {
  static constexpr std::uint64_t bytes = 32;
  std::uint64_t begin = 0, size = 0;
};
enum class RangeForm : std::uint8_t { lime, avml };

/// More are no machine's, and each costs memory.
constexpr std::size_t most_ranges = 65536;

bool begins_like(RangeForm form, std::span<const std::byte> file);
/// Nothing when there is none at `offset`, or when it says what cannot be.
std::optional<RangeHeader> range_header(RangeForm form, std::span<const std::byte> file,
                                        std::uint64_t offset);

Result<std::unique_ptr<Source>> open_lime(const std::string& name, MappedFile file);

} // namespace mapscope::memory
