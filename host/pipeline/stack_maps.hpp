// SPDX-License-Identifier: Apache-2.0
// Which stack maps may have the stacks whose ids a map holds: those that one of its programs uses, or that
// were loaded from the same object file.
//
// Thread rule: pure functions.
#pragma once

#include "host/catalog/catalog.hpp"

#include <vector>

namespace mapscope::pipeline {

bool holds_stacks(const catalog::Map& map);
/// Where no program is left to tell, all of them.
std::vector<const catalog::Map*> stack_maps_for(const catalog::Catalog& catalog, const catalog::Map& map);

} // namespace mapscope::pipeline
