// SPDX-License-Identifier: Apache-2.0
// Whether two types, perhaps of different objects, read the same bytes as the same value.
//
// Refuses: to look behind pointers, and to go on for ever: of types that are alike as far as it looks it says
// that they are. Thread rule: pure function.
#pragma once

#include "host/btf/types.hpp"

namespace mapscope::btf {

bool same_layout(const Types& a, TypeId of_a, const Types& b, TypeId of_b);

} // namespace mapscope::btf
