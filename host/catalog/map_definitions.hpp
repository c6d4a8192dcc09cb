// SPDX-License-Identifier: Apache-2.0
// Maps as the source of a BPF object declares them: variables of the section ".maps", which stay in the BTF
// of its programs.
//
// Refuses: to choose where more than one declaration may be the map's. Thread rule: pure functions.
#pragma once

#include "host/catalog/catalog.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace mapscope::catalog {

/// What the members of one variable's struct say (parse_btf_map_def(), libbpf.c); 0 = they do not say it.
struct MapDefinition {
  std::string_view name; ///< in full; lives as long as the types
  std::uint32_t type = 0, key_size = 0, value_size = 0, max_entries = 0, flags = 0;
  btf::TypeId key = 0, value = 0;
  btf::TypeId inner = 0; ///< of a map of maps: the struct that declares what is in it
};

/// Those of an object itself, in the order of its section.
std::vector<MapDefinition> map_definitions(const btf::Types& types);

/// What a struct says that is no variable's: MapDefinition::inner.
std::optional<MapDefinition> inner_definition(const btf::Types& types, btf::TypeId record);

/// A map that another refers to, by their ids.
struct InnerMap {
  std::uint32_t outer = 0, inner = 0;
};

/// Gives maps what only their declarations say: Map::full_name, and the types of those that the loader gave
/// none. Who uses a map of maps knows what is in it. `types_at` has the types of a program by its address of
/// struct btf; null = none.
void apply_definitions(std::vector<Map>& maps, const std::vector<Program>& programs,
                       const std::vector<InnerMap>& inner_maps,
                       const std::function<std::shared_ptr<const btf::Types>(std::uint64_t)>& types_at);

} // namespace mapscope::catalog
