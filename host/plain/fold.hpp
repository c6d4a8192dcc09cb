// SPDX-License-Identifier: Apache-2.0
// Entries that hold ids of stacks as folded stacks, the form that flame graphs are drawn from:
//   comm;outermost;...;innermost 1234
//
// A member is a stack's id when it is an integer, its name says so (kern_stack_id, kstack), and most of its
// numbers are ids in one of the stack maps; or, where no name says so, as stack_ids.hpp has it. Refuses: to
// guess which of several numbers is meant. Thread rule: pure functions.
#pragma once

#include "host/plain/value.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace mapscope::plain {

struct Folded {
  std::string lines;          ///< each ends; in order, equal stacks together
  std::uint64_t left_out = 0; ///< entries without a number
  std::uint64_t lost = 0;     ///< stacks whose ids no map has
  std::uint64_t not_kept = 0; ///< that the kernel had no place for
};

/// `map` and `stacks` are of a report. `number`: path of the member that counts; "": the only one there is.
/// Errors (usage, not_found): no stack ids, or no number, in the map; several numbers.
Result<Folded> fold(const Json& map, std::span<const Json* const> stacks, const std::string& number);

} // namespace mapscope::plain
