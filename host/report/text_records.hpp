// SPDX-License-Identifier: Apache-2.0
// Many named things for a person to read: several to a line, as many as fit, where a value of a map would
// have a line for each.
//
// Thread rule: pure.
#pragma once

#include "host/report/text_value.hpp"

namespace mapscope::report {

/// What follows a label. It begins with a newline where it
/// takes lines of its own, which are indented by `indent`; no newline at the end.
std::string packed_lines(const TextTree& tree, const TextTree::Node& node, unsigned width, unsigned column,
                         unsigned indent);

} // namespace mapscope::report
