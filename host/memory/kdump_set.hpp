// SPDX-License-Identifier: Apache-2.0
// The members of a split dump (makedumpfile --split): whether they are all there, once, and of one dump.
//
// A member that is missing would read as memory that was left out, without a word. Thread rule: plain
// functions.
#pragma once

#include "host/memory/kdump_header.hpp"

#include <vector>

namespace mapscope::memory {

/// In the order of their frames, those that hold none left out. One file that is not split is a set as well.
/// Errors are of code usage where another choice of files is what helps.
Result<std::vector<KdumpMember>> whole_set(std::vector<KdumpMember> members);

} // namespace mapscope::memory
