// SPDX-License-Identifier: Apache-2.0
// Rule K1: whether what a plugin needs is in this kernel, or else in the program that the map belongs to.
//
// Thread rule: pure.
#pragma once

#include "host/btf/types.hpp"
#include "host/plugin/verify/manifest.hpp"

namespace mapscope::plugin {

/// "needs struct sdt_desc.chunk: not in this kernel or program", or "" when everything is there. `program`
/// may be null.
std::string missing_need(const Manifest& manifest, const btf::Types& kernel, const btf::Types* program);

/// The kernel's type that is probably meant by the first needs= whose type it has not at all: "struct
/// bpf_htab";
/// "" when there is none. Looks at the names of all types: for a person who asks, not for each map.
std::string nearest_need(const Manifest& manifest, const btf::Types& kernel);

} // namespace mapscope::plugin
