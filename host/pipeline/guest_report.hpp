// SPDX-License-Identifier: Apache-2.0
// The report of a guest that is read in place: of one moment, for which it stands still as short as can be.
//
// What a report reads is known once one has been made: first it is made for nobody, while the guest runs.
// Then the guest stands still until all pages that were read have been copied, and the report is made of
// these. Where it looks at a page that is not among them, the guest has changed too much in between: that is
// done again, and if it does not help the guest stands still until the report is made. Nothing is written
// before, so that no slow reader holds it. Thread rule: belongs to one thread.
#pragma once

#include "host/pipeline/request.hpp"
#include "host/pipeline/session.hpp"
#include "host/pipeline/setup.hpp"
#include "host/report/output.hpp"

#include <memory>

namespace mapscope::pipeline {

class ReportRun;

/// Of a session whose source can be held and is; the run whose report was written.
Result<std::unique_ptr<ReportRun>> write_guest_report(const Setup& setup, Session& session,
                                                      const SourceInput& input, const Request& request,
                                                      report::Output& output, const Hooks& hooks);

/// Of any session; a guest that is held is let go.
Result<std::unique_ptr<ReportRun>> write_report(const Setup& setup, Session& session,
                                                const SourceInput& input, const Request& request,
                                                report::Output& output, const Hooks& hooks = {});

} // namespace mapscope::pipeline
