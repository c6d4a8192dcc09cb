// SPDX-License-Identifier: Apache-2.0
// What a line of folded stacks is made of: the names of frames, and text that stands before them.
//
// Thread rule: pure functions.
#pragma once

#include "host/plain/value.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plain {

/// No separator, and nothing that a terminal acts on.
std::string frame_text(std::string_view text);

/// The outermost first, which stacks have last.
void add_frames(const Json& stack, std::vector<std::string>& line);

/// Of an array of characters up to the first zero, behind which bpf_probe_read_kernel_str() leaves what was
/// there before. "": it is none.
std::string letters_of(const Json& array);
/// Of bytes that are nothing but letters, and zeros behind them.
std::string letters_of(std::span<const std::byte> bytes);

} // namespace mapscope::plain
