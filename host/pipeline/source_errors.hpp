// SPDX-License-Identifier: Apache-2.0
// What is said of a source that cannot be opened: that it is damaged, or leaves things out, or was given the
// wrong layout comes with what was not found in it.
//
// Thread rule: pure functions.
#pragma once

#include "host/base/result.hpp"
#include "host/pipeline/source_input.hpp"

namespace mapscope::pipeline {

/// Failures name the source: the message may stand alone in a log.
std::unexpected<Error> about(const std::string& source, Error error);
/// The same of one that is open, and in which something was not found.
std::unexpected<Error> about(const memory::Source& source, const SourceInput& input, Error error);

/// Of a memory that lies where a person says: with a wrong layout nothing is found.
std::string behind_layout(const SourceInput& input, const std::string& problem);

} // namespace mapscope::pipeline
