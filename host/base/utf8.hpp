// SPDX-License-Identifier: Apache-2.0
// Text from a target is bytes that claim to be text.
#pragma once

#include <string>
#include <string_view>

namespace mapscope {

/// The same text with every byte that is no part of valid UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

} // namespace mapscope
