// SPDX-License-Identifier: Apache-2.0
// What a plugin is told about its config= keys for one map.
#pragma once

#include "host/base/result.hpp"
#include "host/catalog/catalog.hpp"
#include "host/config/config.hpp"
#include "host/plugin/verify/manifest.hpp"

#include <map>
#include <string>

namespace mapscope::plugin {

/// Values as text: the manifest's defaults, then [plugin."ID"], then the first matching [map."GLOB"] that
/// sets it.
std::map<std::string, std::string> option_values(const Manifest& manifest, const catalog::Names& map,
                                                 const config::Config& config);

/// C1 for one plugin: what [plugin."ID"] and the rules with use = "ID" set; the error is of code usage.
Result<void> check_options_of(const Manifest& manifest, const config::Config& config);

} // namespace mapscope::plugin
