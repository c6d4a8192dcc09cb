// SPDX-License-Identifier: Apache-2.0
// Text from a target is bytes that claim to be text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mapscope {

/// The same text with every byte that is no part of valid UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// The character of a valid sequence.
[[nodiscard]] char32_t code_point(std::string_view sequence);

/// True of what a terminal acts on and does not show: control characters, also C1 (U+0080 to U+009F), and
/// what breaks lines or turns the direction of text around (Unicode's Bidi_Control), so that it reads as
/// another.
[[nodiscard]] bool is_control(char32_t character);

/// Length of the valid sequence at `i`, or 0 (RFC 3629: no overlong forms, no surrogates, nothing above
/// U+10FFFF).
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t i);

} // namespace mapscope
