// SPDX-License-Identifier: Apache-2.0
// A saved report in another format.
//
// Thread rule: returns when all its threads have ended.
#pragma once

#include "host/pipeline/request.hpp"
#include "host/report/output.hpp"
#include "host/saved/saved_report.hpp"

namespace mapscope::saved {

/// All that `request` asks for, and commits the output. Errors: usage, for a SPEC that names nothing; corrupt
/// for a map whose text is no JSON.
Result<void> rewrite(const SavedReport& report, const pipeline::Request& request, report::Output& output);

} // namespace mapscope::saved
