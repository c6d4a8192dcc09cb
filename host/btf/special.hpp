// SPDX-License-Identifier: Apache-2.0
// Which types and members of a BPF object are special fields: the rules of the kernel's btf_parse_fields()
// (kernel/bpf/btf.c). Private to this folder.
#pragma once

#include "host/btf/behind.hpp"

#include <optional>
#include <string_view>

struct btf_type;

namespace mapscope::btf {

/// A struct that the kernel keeps state in, by its name.
std::optional<Special> special_struct(std::string_view name);

/// A pointer that carries a type tag of the kernel's, or one that `behind` follows whatever its type.
std::optional<SpecialField> special_pointer(const Types& types, const btf_type* pointer,
                                            const Behind& behind);

/// What the declaration tag "contains:TYPE:NODE" on member (or, with -1, variable) `component` of `owner`
/// says.
struct Contains {
  TypeId target = 0;
  std::uint64_t node_offset = 0;
};
std::optional<Contains> contains_tag(const Types& types, TypeId owner, std::int32_t component);

} // namespace mapscope::btf
