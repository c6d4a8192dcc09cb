// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/stack_maps.hpp"

#include <algorithm>

namespace mapscope::pipeline {

namespace {

bool share_a_program(const catalog::Map& one, const catalog::Map& other) {
  return std::ranges::any_of(one.programs,
                             [&](std::uint32_t id) { return std::ranges::count(other.programs, id) != 0; });
}

/// Each object file that is loaded has BTF of its own.
bool are_of_one_object(const catalog::Map& one, const catalog::Map& other) {
  return one.object() && one.object() == other.object();
}

} // namespace

bool holds_stacks(const catalog::Map& map) { return map.type_name == "stack_trace"; }

std::vector<const catalog::Map*> stack_maps_for(const catalog::Catalog& catalog, const catalog::Map& map) {
  std::vector<const catalog::Map*> found;
  for (const catalog::Map& other : catalog.maps)
    if (holds_stacks(other) &&
        (map.programs.empty() || share_a_program(map, other) || are_of_one_object(map, other)))
      found.push_back(&other);
  return found;
}

} // namespace mapscope::pipeline
