// SPDX-License-Identifier: Apache-2.0
// What a process that was forked off keeps open of its parent's.
//
// Thread rule: for processes with one thread.
#pragma once

#include "host/base/result.hpp"

#include <span>

namespace mapscope {

/// What it prints goes nowhere: it has no business on the terminal, or in the report.
Result<void> leave_terminal();
/// Closes all but `descriptors` (of which -1 is none) and the first three.
Result<void> keep_only(std::span<const int> descriptors);

} // namespace mapscope
