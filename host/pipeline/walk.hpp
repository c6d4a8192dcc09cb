// SPDX-License-Identifier: Apache-2.0
// How many entries each map has, and whether anything is missing on the way.
//
// Thread rule: while the process has one thread: workers are copies of it.
#pragma once

#include "host/pipeline/session.hpp"
#include "host/pipeline/setup.hpp"
#include "host/pipeline/shown_map.hpp"

#include <functional>

namespace mapscope::pipeline {

/// Fills the outcomes: each map's plugin walks over all of its elements and decodes none. What values lack
/// that were not read is not known. walked() is called as each is done, in their order.
void walk_over(const Setup& setup, const Session& session, ShownMaps& maps,
               const std::function<void(const ShownMap&)>& walked);

} // namespace mapscope::pipeline
