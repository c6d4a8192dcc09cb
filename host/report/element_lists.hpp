// SPDX-License-Identifier: Apache-2.0
// The lists inside a map's record whose objects are elements of the map, where renderers emit them as fields
// and not as rows.
//
// Thread rule: constants.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace mapscope::report {

struct ElementList {
  std::string_view outer, inner;          ///< "ringbuf" holds "records"
  std::array<std::string_view, 3> keys;   ///< members that may tell which element it is, the best first
  std::array<std::string_view, 2> values; ///< that may be its content; none: all that is no key is
};

inline constexpr std::array<ElementList, 4> element_lists = {{
    {"fd_array", "slots", {"index", "key", "key_hex"}, {}},
    {"stack_trace", "entries", {"bucket_id"}, {}},
    {"ringbuf", "records", {"pos"}, {"value", "data_hex"}},
    {"arena", "pages", {"user_addr"}, {"bytes"}},
}};

inline const ElementList* find_element_list(std::string_view outer, std::string_view inner) {
  const auto* const found = std::ranges::find_if(
      element_lists, [&](const auto& list) { return list.outer == outer && list.inner == inner; });
  return found != element_lists.end() ? found : nullptr;
}

} // namespace mapscope::report
