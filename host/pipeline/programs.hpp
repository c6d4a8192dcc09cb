// SPDX-License-Identifier: Apache-2.0
// The programs of a report.
//
// Thread rule: pure.
#pragma once

#include "host/pipeline/shown_map.hpp"

#include <vector>

namespace mapscope::pipeline {

/// Those of `programs` that use one of the maps.
std::vector<catalog::Program> users_of(const ShownMaps& maps, std::vector<catalog::Program> programs);

} // namespace mapscope::pipeline
