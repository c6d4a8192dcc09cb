// SPDX-License-Identifier: Apache-2.0
// Which of two version= texts is the newer one.
#pragma once

#include <compare>
#include <string_view>

namespace mapscope::plugin {

/// Part by part between dots, numbers as numbers: 1.10 is newer than 1.9, 1.0 is the same as 1, and what has
/// text behind a number (2.0-rc1) comes before what has none.
std::weak_ordering compare_versions(std::string_view a, std::string_view b);

} // namespace mapscope::plugin
