// SPDX-License-Identifier: Apache-2.0
// Handles of types: which BTF object in the upper half, the id there in the lower. They mean the same in each
// process of a render: files with types are read before there is more than one.
//
// Thread rule: pure.
#pragma once

#include "host/catalog/catalog.hpp"

#include <mapscope/plugin.h>

#include <optional>

namespace mapscope::plugin {

struct Environment;

/// The kernel's own types; those of the map that is rendered; those of its values where these are elsewhere.
constexpr msc_type kernel_tag = 1ULL << 32, map_tag = 2ULL << 32, value_tag = 3ULL << 32,
                   tag_mask = ~0ULL << 32;
/// In the upper half of a handle of another map's types, beside its id; and of its values' where these are
/// elsewhere.
constexpr std::uint64_t other_tag = 1U << 31, other_value_tag = 1U << 30;
/// In the upper half, beside the place of a file among those with types that were given.
constexpr std::uint64_t given_tag = 1U << 16;

/// The types of a map's keys and values.
struct TypeHandles {
  msc_type key = MSC_BYTES, value = MSC_BYTES;
};

/// The given file that `types` is of; nothing where it is of none.
std::optional<msc_type> tag_of_given(const Environment& environment, const btf::Types* types);

/// Of the map that is rendered, and of another.
TypeHandles handles_of(const catalog::Map& map, bool is_own, const Environment& environment);

} // namespace mapscope::plugin
