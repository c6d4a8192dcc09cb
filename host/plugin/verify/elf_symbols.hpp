// SPDX-License-Identifier: Apache-2.0
// The name of a place in a library's code, from the symbols that strip(1) would take away.
//
// Thread rule: a pure function of the bytes, none of which is trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace mapscope::plugin {

struct CodePlace {
  std::string function; ///< fit for a terminal
  std::uint64_t offset = 0;
};

/// `address` as the file has it. Nothing for a stripped library, or between functions.
std::optional<CodePlace> code_place(std::span<const std::byte> library, std::uint64_t address);

} // namespace mapscope::plugin
