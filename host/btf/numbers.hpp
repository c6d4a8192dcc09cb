// SPDX-License-Identifier: Apache-2.0
// The unsigned numbers of 64 bits in a value, without the rest of it. Private to this folder.
//
// Refuses: bitfields, numbers beyond the limits of what is shown, and those that the bytes end in. Thread
// rule: functions.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/btf/plan.hpp"

namespace mapscope::btf {

/// Small numbers are pointers to nothing, and nobody is asked about them.
constexpr bool may_be_pointer(std::uint64_t number) { return number >> 32 != 0; }

/// Fills Node::has_numbers of all nodes.
void mark_numbers(Plan& plan);
/// What a number is that is all of its value.
Place root_place(const Plan& plan);
/// All but zeros: a small number says that its like are no pointers.
void visit_numbers(const Plan& plan, const Types& types, const Limits& limits,
                   std::span<const std::byte> bytes, const Decoder::TakeNumber& take);

} // namespace mapscope::btf
