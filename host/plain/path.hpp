// SPDX-License-Identifier: Apache-2.0
// The way to a member of a value: "stats.nr[3].name", through pointers that the report has followed.
//
// Refuses: to guess; a step that leads nowhere says what there is. Thread rule: pure functions.
#pragma once

#include "host/plain/value.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mapscope::plain {

struct Step {
  std::string name;                   ///< "" for [3]
  std::optional<std::uint64_t> index; ///< also of a name that is a number
};

/// Errors (usage): text that is no path.
Result<std::vector<Step>> parse_path(std::string_view text);

/// What it leads to. Where a pointer is not followed, since what lies there is shown in another place, the
/// way goes on there if that is in `all`. Errors (not_found): the step that leads nowhere, why, and what
/// there is.
Result<const Json*> follow(const Json& from, std::span<const Step> path, const Json& all);

/// The names that a path may go on with; "" in front of none.
std::vector<std::string> names_in(const Json& node);

} // namespace mapscope::plain
