// SPDX-License-Identifier: Apache-2.0
// Whether an attach= line matches a map.
//
// Refuses: allocator lines, which match variables. Thread rule: pure.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/plugin/verify/manifest.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mapscope::plugin {

/// The line of best rank that matches: the most specific kind, then the highest priority, then the first.
std::optional<std::uint32_t> best_attach(const Manifest& manifest, const catalog::Map& map);

/// Whether all conditions of a line hold; one of its conditions.
bool matches_map(const Attach& attach, const catalog::Map& map);
bool matches_map(const AttachCondition& condition, const catalog::Map& map);

/// Of a map with types: as its BTF names it, "my_hval_t", and what that stands for, "struct hval"; else "".
std::vector<std::string> value_type_names(const catalog::Map& map);

/// What of a map a condition of this kind is compared with: "struct task_ctx"; "" when it has no such thing.
std::string attach_subject(AttachKind kind, const catalog::Map& map);

/// "map-type:hash prio 100", with what of the map the line matched.
std::string describe(const Attach& attach, const catalog::Map& map);

} // namespace mapscope::plugin
