// SPDX-License-Identifier: Apache-2.0
// What could not be read of the kernel's tables, as far as it concerns the maps that are shown.
//
// Thread rule: pure, but for what is said.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/pipeline/shown_map.hpp"

#include <string>
#include <vector>

namespace mapscope::pipeline {

/// Where `maps` are not all that there are, what concerns other programs and types than theirs is one
/// sentence with a count; `narrowed_by`: the option without which each is told.
std::vector<std::string> gaps_about(const catalog::Catalog& catalog, const ShownMaps& maps,
                                    const std::string& narrowed_by);
/// The same on stderr.
void warn_of_gaps(const catalog::Catalog& catalog, const ShownMaps& maps, const std::string& narrowed_by);

} // namespace mapscope::pipeline
