// SPDX-License-Identifier: Apache-2.0
// What a render says of itself for people: which budget is spent, and what a code means.
//
// Thread rule: pure.
#pragma once

#include "host/plugin/call/budget.hpp"

#include <string>

namespace mapscope::plugin {

/// "" while none is spent.
std::string spent_text(const Budget& budget);
/// What a plugin returned, in the words of mapscope/plugin.h.
std::string code_text(int rc);

} // namespace mapscope::plugin
