// SPDX-License-Identifier: Apache-2.0
// What is said on stderr: "mapscope: one sentence".
#pragma once

#include "host/base/result.hpp"

namespace mapscope::cli {

/// -1 = errors only (-q), 0 = warnings, 1 = what is done (-v), 2 = everything; or a level by name.
void set_up_messages(int verbosity, const std::string& level);

/// Says the error and returns the exit code that belongs to it.
int complain(const Error& error);

} // namespace mapscope::cli
