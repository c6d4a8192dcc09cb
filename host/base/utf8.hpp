// SPDX-License-Identifier: Apache-2.0
// Text from a target is bytes that claim to be text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mapscope {

/// The same text with every byte that is no part of valid UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// Length of the valid sequence at `i`, or 0 (RFC 3629: no overlong forms, no surrogates, nothing above
/// U+10FFFF).
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t i);

} // namespace mapscope
