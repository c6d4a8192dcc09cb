// SPDX-License-Identifier: Apache-2.0
// Shell-like patterns with * and ? only, matched in time linear in text * pattern.
#pragma once

#include <string_view>

namespace mapscope {

/// True when `pattern` matches all of `text`.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

} // namespace mapscope
