// SPDX-License-Identifier: Apache-2.0
// Which plugins made a report, and how many maps each.
//
// Thread rule: pure.
#pragma once

#include "host/pipeline/shown_map.hpp"

#include <span>
#include <vector>

namespace mapscope::pipeline {

/// Of the maps' renderers, of those in `for_kernel`, which have shown parts of the kernel, and of
/// `for_slots`, which have read allocators; one each, by id and version.
std::vector<report::PluginUse> plugin_uses(const ShownMaps& maps,
                                           std::span<const report::PluginUse> for_kernel,
                                           std::span<const plugin::Plugin* const> for_slots);

} // namespace mapscope::pipeline
