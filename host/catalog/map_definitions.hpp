// SPDX-License-Identifier: Apache-2.0
// Maps as the source of a BPF object declares them: variables of the section ".maps", which stay in the BTF
// of its programs.
//
// Refuses: to choose where more than one declaration may be the map's. Thread rule: pure functions.
#pragma once

#include "host/catalog/catalog.hpp"

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace mapscope::catalog {

/// What the members of one variable's struct say (parse_btf_map_def(), libbpf.c); 0 = they do not say it.
struct MapDefinition {
  std::string_view name; ///< in full; lives as long as the types
  std::uint32_t type = 0, key_size = 0, value_size = 0, max_entries = 0, flags = 0;
  btf::TypeId key = 0, value = 0;
};

/// Those of an object itself, in the order of its section.
std::vector<MapDefinition> map_definitions(const btf::Types& types);

/// Gives maps what only their declarations say: Map::full_name, and the types of those that the loader gave
/// none. `types_at` has the types of a program by its address of struct btf; null = none.
void apply_definitions(std::vector<Map>& maps, const std::vector<Program>& programs,
                       const std::function<std::shared_ptr<const btf::Types>(std::uint64_t)>& types_at);

} // namespace mapscope::catalog
