// SPDX-License-Identifier: Apache-2.0
// --only ID: what one plugin renders. That it is the first choice counts, and not whether it then comes to
// its end.
//
// Thread rule: pure functions.
#pragma once

#include "host/pipeline/session.hpp"
#include "host/pipeline/setup.hpp"

#include <cstddef>
#include <string>

namespace mapscope::pipeline {

/// Error (usage): there is no plugin of this id, or none that may be used.
Result<void> check_only(const plugin::Registry& registry, const std::string& id);

/// Whether this plugin is the first choice; "" is any, and nobody.
bool is_by(const plugin::Selection& selection, const std::string& id);

/// Of a plugin that is the first choice for nothing. `maps`: how many it was not chosen for; `may_lack`: why
/// there may be more, "" where there are not.
std::unexpected<Error> nothing_by(const std::string& id, const Setup& setup, const Session& session,
                                  std::size_t maps, const std::string& may_lack);

} // namespace mapscope::pipeline
