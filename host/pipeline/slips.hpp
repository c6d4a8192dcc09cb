// SPDX-License-Identifier: Apache-2.0
// Names in the configuration that fit nothing, but for a letter or two: they are warned of. One configuration
// serves many dumps and machines, so what is like nothing there is may well be meant for another.
//
// Thread rule: pure, but for what is said.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/config/config.hpp"
#include "host/plugin/allocators.hpp"
#include "host/plugin/select/registry.hpp"

namespace mapscope::pipeline {

/// Of [plugins] allow, deny and prefer.
void tell_slips(const config::Plugins& settings, const plugin::Registry& registry);

/// Of [map."NAME"], which maps and allocators are called by.
void tell_slips(const std::vector<config::MapRule>& rules, const catalog::Catalog& catalog,
                const plugin::Allocators& allocators);

} // namespace mapscope::pipeline
