// SPDX-License-Identifier: Apache-2.0
// What a plugin is told about its config= keys for one map.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/config/config.hpp"
#include "host/plugin/manifest.hpp"

#include <map>
#include <string>

namespace mapscope::plugin {

/// Values as text: the manifest's defaults, then [plugin."ID"], then the first matching [map."GLOB"] that
/// sets it.
std::map<std::string, std::string> option_values(const Manifest& manifest, std::string_view map,
                                                 const config::Config& config);

} // namespace mapscope::plugin
