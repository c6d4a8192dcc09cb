// SPDX-License-Identifier: Apache-2.0
// How maps end that no plugin tells of alone: what of their own records is lost, and who is not rendered.
//
// Thread rule: pure functions.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/plugin/select/registry.hpp"
#include "host/report/writer.hpp"

#include <string>
#include <vector>

namespace mapscope::cli {

/// Of a map whose record could not be read, or that no plugin takes.
report::Outcome not_rendered(const catalog::Map& map, const plugin::Selection& selection);
/// What a plugin has shown of a map, and what is wrong with the map's record.
report::Outcome with_record(const catalog::Map& map, report::Outcome outcome);

/// What could not be read of the kernel's tables. Where `maps` are not all that there are, what concerns
/// other programs and types than theirs is one sentence with a count.
std::vector<std::string> gaps_about(const catalog::Catalog& catalog,
                                    const std::vector<const catalog::Map*>& maps);

} // namespace mapscope::cli
