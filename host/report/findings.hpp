// SPDX-License-Identifier: Apache-2.0
// What of a report a person should look at first.
#pragma once

#include "host/report/writer.hpp"

#include <vector>

namespace mapscope::report {

/// From one map and how its rendering ended; in order of weight.
std::vector<Finding> findings_of(const catalog::Map& map, const Outcome& outcome);

} // namespace mapscope::report
