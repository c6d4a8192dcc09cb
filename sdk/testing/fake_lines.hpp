// SPDX-License-Identifier: Apache-2.0
// What a plugin handed over as lines of Report::lines.
//
// Thread rule: pure.
#pragma once

#include <mapscope/plugin.h>

#include <string>

namespace mapscope::testing {

/// "entry 01 00 = 2a ??"; "" for a row of no known shape.
std::string line_of(const msc_row& row);
/// "number hits 3"
std::string line_of(const msc_field& field);
/// "EFAULT"; "?" for what is no code.
std::string name_of(int rc);

} // namespace mapscope::testing
