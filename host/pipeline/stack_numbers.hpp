// SPDX-License-Identifier: Apache-2.0
// The numbers in a value that are called a stack's id: kern_stack_id, kstack; and those that may be one
// though nothing says so: a key that is one number, and what lies in bytes without a type.
//
// Refuses: lists, and what lies behind pointers. Thread rule: pure functions.
#pragma once

#include "host/report/kept_row.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::pipeline {

/// By its name.
bool names_stack(std::string_view member);

struct StackNumber {
  std::string path; ///< "key.kern_stack_id"; "key" or "key[8]" where no name says so
  std::int64_t id;  ///< negative: there was no stack
  bool is_named = true;
};
/// Of a row's key and value.
std::vector<StackNumber> stack_numbers(const report::KeptRow& row);

} // namespace mapscope::pipeline
