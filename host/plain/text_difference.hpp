// SPDX-License-Identifier: Apache-2.0
// What two texts of one thing in two reports differ in, member by member, by going into those parts alone
// that differ.
//
// The elements of a list are told apart by what they are, where they say so (a task by its pid, a queue by
// its id), else by their place. Refuses: to hold both as values, but for the small parts that differ. Thread
// rule: pure.
#pragma once

#include "host/plain/difference.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plain {

/// Adds to `changes`; `path` is where both stand. Errors (corrupt): one is no JSON.
Result<void> add_differences(const std::string& key, const std::string& path, std::string_view before,
                             std::string_view after, std::vector<Change>& changes);

/// In plain form, as JSON on one line.
Result<std::string> plain_text(std::string_view json);

} // namespace mapscope::plain
