// SPDX-License-Identifier: Apache-2.0
// How maps end that no plugin tells of alone: what of their own records is lost, and who is not rendered.
//
// Thread rule: pure functions; render_map() as plugin::render().
#pragma once

#include "host/pipeline/shown_map.hpp"
#include "host/plugin/render.hpp"

namespace mapscope::pipeline {

/// The map by the first of `choices`, which are of its selection, with what is wrong with its record; of one
/// that could not be read, or that no plugin takes, the reason.
report::Outcome render_map(const plugin::Environment& environment, const ShownMap& shown,
                           std::span<const plugin::Choice> choices, report::DraftWriter& writer,
                           plugin::Workers* workers);

} // namespace mapscope::pipeline
