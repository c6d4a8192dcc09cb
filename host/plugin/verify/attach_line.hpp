// SPDX-License-Identifier: Apache-2.0
// The attach= line of a manifest: from text and back.
//
// Thread rule: pure.
#pragma once

#include "host/plugin/verify/manifest.hpp"

namespace mapscope::plugin {

/// KIND:PATTERN[,PATTERN] [KIND:PATTERN...] [var=TYPE] [prio=N] [mode=element]
Result<Attach> parse_attach(std::string_view line);
/// The same, for people.
std::string attach_text(const Attach& attach);

} // namespace mapscope::plugin
