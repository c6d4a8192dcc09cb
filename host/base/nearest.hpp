// SPDX-License-Identifier: Apache-2.0
// The word a person probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mapscope {

/// The one of `words` with the fewest edits from `wrong`, or "" when none is near enough to be a slip.
[[nodiscard]] std::string nearest(std::string_view wrong, std::span<const std::string> words);
/// The same with at most so many edits.
[[nodiscard]] std::string nearest(std::string_view wrong, std::span<const std::string> words,
                                  std::size_t most_edits);

} // namespace mapscope
