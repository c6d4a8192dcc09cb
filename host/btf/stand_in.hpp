// SPDX-License-Identifier: Apache-2.0
// What libbpf hands to kernels in place of kinds that they do not know (bpf_object__sanitize_btf()): of a
// float, before 5.13, a struct without anything in it; of an enum64, before 6.0, a union of its names. The
// type is lost, the bytes are not.
//
// Thread rule: pure.
#pragma once

#include "host/btf/plan.hpp"

#include <optional>

namespace mapscope::btf {

/// How to show the bytes of a struct or union that stands for something else; nothing of all others.
std::optional<Op> stand_in(const Types& types, const btf_type* record);

} // namespace mapscope::btf
