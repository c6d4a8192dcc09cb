// SPDX-License-Identifier: Apache-2.0
// The report's hex form: lowercase, two digits a byte, one space between bytes.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace mapscope {

/// Appends "de ad be ef" to `out`; nothing for no bytes.
void append_hex(std::string& out, std::span<const std::byte> bytes);

} // namespace mapscope
