// SPDX-License-Identifier: Apache-2.0
// The numbers in a value that are called a stack's id: kern_stack_id, kstack.
//
// Refuses: lists, and what lies behind pointers. Thread rule: pure functions.
#pragma once

#include "host/report/recording.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::pipeline {

/// By its name.
bool names_stack(std::string_view member);

struct StackNumber {
  std::string path; ///< "key.kern_stack_id"
  std::int64_t id;  ///< negative: there was no stack
};
/// Adds them; `before` stands before each path.
void add_stack_numbers(const report::Recording& value, std::string_view before,
                       std::vector<StackNumber>& numbers);

} // namespace mapscope::pipeline
