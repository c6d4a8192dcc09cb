// SPDX-License-Identifier: Apache-2.0
// How many columns of a terminal a text takes.
//
// Refuses: control characters; what prints a text has escaped them. Thread rule: pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace mapscope {

/// Of text that is valid UTF-8; wide characters (East Asian, emoji) take two columns, combining ones none.
[[nodiscard]] std::size_t display_width(std::string_view text);

} // namespace mapscope
