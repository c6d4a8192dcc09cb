// SPDX-License-Identifier: Apache-2.0
// Enums, compiled. Private to this folder.
#pragma once

#include "host/btf/types.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::btf {

using Constant = std::pair<std::uint64_t, std::string_view>;

/// Appends the constants of `type` (an enum or enum64) to `to`, sorted by value; of equal values the one
/// declared first. Values are cut to `bits`, as the storage or the bitfield holds them, so that a negative
/// constant of a one-byte enum is found although BTF keeps it in 32 bits.
void append_constants(const Types& types, const btf_type* type, std::uint32_t bits,
                      std::vector<Constant>& to);

/// Whether values of `type` print with a sign.
bool is_signed_enum(const Types& types, const btf_type* type);

} // namespace mapscope::btf
