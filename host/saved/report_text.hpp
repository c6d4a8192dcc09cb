// SPDX-License-Identifier: Apache-2.0
// Whether text is a report, and what it is where it is none.
//
// Thread rule: pure functions; text is borrowed.
#pragma once

#include "host/plain/object.hpp"

#include <string>
#include <string_view>

namespace mapscope::saved {

/// Whether it begins as JSON does, and no dump.
bool looks_like_report(std::string_view text);

/// The members of a report of one moment. `name` is for people. Errors (corrupt, unsupported): what else it
/// is, and what to give.
Result<plain::Object> top_level(const std::string& name, std::string_view text);

} // namespace mapscope::saved
