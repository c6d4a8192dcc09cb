// SPDX-License-Identifier: Apache-2.0
// Where a run of bytes lies in a source's memory.
//
// Refuses: to look across what the source does not hold. Thread rule: pure.
#pragma once

#include "host/memory/source.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace mapscope::memory {

/// Calls `visit` with the physical address of every place in [begin, end) where `what` lies, from low to
/// high, until it returns false. `what` has at least two bytes, and not all of them are 0.
void search(const Source& source, std::span<const std::byte> what, std::uint64_t begin, std::uint64_t end,
            const std::function<bool(std::uint64_t)>& visit);

} // namespace mapscope::memory
