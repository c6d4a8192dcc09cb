// SPDX-License-Identifier: Apache-2.0
// One value of a map, by KEY and PATH as a person gives them: either may be missing, and one word alone is
// whichever of the two the map has.
//
// Refuses: several entries for one key, and a path into per-CPU copies that does not say of which CPU; what
// is missing is told with what there is. Thread rule: pure functions.
#pragma once

#include "host/plain/entries.hpp"
#include "host/plain/path.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace mapscope::plain {

/// Of entries that the report does not list, since they are not the one that is looked for.
struct OtherKeys {
  std::vector<std::string> first;
  std::uint64_t count = 0;
};

struct Words {
  std::optional<std::string> key, path; ///< one word alone is `key`
};

/// Everything: where nothing is said of which, and there is not one value alone.
struct AllEntries {
  std::vector<Entry> entries;
};
using Found = std::variant<const Json*, AllEntries>;

/// `map` is of a report, or what a plugin says of a part of the kernel. Errors: usage, not_found.
Result<Found> look_up(const Json& map, const Words& words, const OtherKeys& others);

} // namespace mapscope::plain
