// SPDX-License-Identifier: Apache-2.0
// How a check comes by what renders share: it wants some of its own, with other limits.
//
// Thread rule: as the function that is given.
#pragma once

#include "host/config/config.hpp"
#include "host/plugin/call/environment.hpp"

#include <functional>

namespace mapscope::plugin {

/// What renders need of a source, with a configuration, which must live as long.
using EnvironmentOf = std::function<Environment(const config::Config& config)>;

} // namespace mapscope::plugin
