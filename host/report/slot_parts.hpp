// SPDX-License-Identifier: Apache-2.0
// Whether a pointer's own type may be right where an allocator owns the place.
//
// Programs cast: a word that leads into a slot may be declared as a pointer to anything, such as the members
// of a union, of which one is meant. Refuses: to believe a type that nothing known of the slot confirms.
// Thread rule: pure.
#pragma once

#include "host/report/slots.hpp"

namespace mapscope::report {

/// True when the slot has an object of that type there: its payload, a part of that, or the header. Of slots
/// with a payload of unknown type: what fills the payload.
bool may_be_in_slot(const SlotIndex::Found& found, const btf::Types& types, btf::TypeId type);

} // namespace mapscope::report
