// SPDX-License-Identifier: Apache-2.0
// Short texts, each on a line of its own; where they are many, side by side in columns that are read
// downwards.
//
// Thread rule: pure.
#pragma once

#include <string>
#include <vector>

namespace mapscope::report {

/// Each line behind a newline and an indent.
void append_in_columns(const std::vector<std::string>& texts, unsigned width, unsigned indent,
                       std::string& out);

} // namespace mapscope::report
