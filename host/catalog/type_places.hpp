// SPDX-License-Identifier: Apache-2.0
// Where a type may be that a person names: the BTF objects that may have it, in order.
//
// Thread rule: pure functions.
#pragma once

#include "host/catalog/catalog.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::catalog {

/// "struct x"; "struct x.y": one that has a member y.
std::optional<btf::TypeId> find_type(const btf::Types& types, std::string_view spelled);

struct PlacedType {
  TypeRef type;                    ///< no object: nobody has it
  std::vector<std::string> others; ///< places that have one of this name and of another layout
};
/// In the first of `places` that has it; those may be null.
PlacedType find_type(const TypeObjects& places, std::string_view spelled);

/// Where others are, as a clause; "" where there are none.
std::string others_of(const PlacedType& found);
/// That others have one, too; "" where nobody has.
std::string remark_on_others(const PlacedType& found, std::string_view spelled);

/// Where it was looked for: "the map, of sched.bpf.o and of vmlinux".
std::string listed(const TypeObjects& places, const btf::Types* own);

} // namespace mapscope::catalog
