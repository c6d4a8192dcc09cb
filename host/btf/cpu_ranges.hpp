// SPDX-License-Identifier: Apache-2.0
// CPU masks as people write them.
//
// Thread rule: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mapscope::btf {

/// Writes "0-3,8" into the empty `to` for the bits of whole little-endian 64-bit words; bits from `cpus` on
/// do not count, 0 = all do.
void write_cpu_ranges(std::string& to, std::span<const std::byte> words, std::uint32_t cpus);

} // namespace mapscope::btf
