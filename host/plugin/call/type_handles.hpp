// SPDX-License-Identifier: Apache-2.0
// Handles of types: which BTF object in the upper half, the id there in the lower. They mean the same in each
// process of a render.
//
// Thread rule: pure.
#pragma once

#include "host/catalog/catalog.hpp"

#include <mapscope/plugin.h>

namespace mapscope::plugin {

/// The kernel's own types; those of the map that is rendered; those of its values where these are elsewhere.
constexpr msc_type kernel_tag = 1ULL << 32, map_tag = 2ULL << 32, value_tag = 3ULL << 32,
                   tag_mask = ~0ULL << 32;
/// In the upper half of a handle of another map's types, beside its id; and of its values' where these are
/// elsewhere.
constexpr std::uint64_t other_tag = 1U << 31, other_value_tag = 1U << 30;

/// The types of a map's keys and values.
struct TypeHandles {
  msc_type key = MSC_BYTES, value = MSC_BYTES;
};

/// Of the map that is rendered, and of another.
inline TypeHandles handles_of(const catalog::Map& map, bool is_own) {
  const msc_type tag = is_own ? map_tag : (other_tag | map.id) << 32;
  const msc_type of_value = is_own ? value_tag : (other_tag | other_value_tag | map.id) << 32;
  const catalog::TypeRef value = map.value();
  return {map.types && map.key_type != 0 ? tag | map.key_type : msc_type{MSC_BYTES},
          value.types ? (map.vmlinux_value_type != 0 ? of_value : tag) | value.id : msc_type{MSC_BYTES}};
}

/// Of the map's BPF object; null when nothing says which it is.
inline const std::shared_ptr<const btf::Types>& object_types(const catalog::Map& map) {
  return map.types ? map.types : map.program_types;
}

} // namespace mapscope::plugin
