// SPDX-License-Identifier: Apache-2.0
// What of a whole report a person should look at first: of the parts of the kernel, the source, the kernel's
// tables, the allocators, ties, and each map, in this order.
//
// Refuses: to tell of maps that are not shown. Thread rule: pure.
#pragma once

#include "host/pipeline/session.hpp"
#include "host/pipeline/shown_map.hpp"

#include <string>
#include <vector>

namespace mapscope::pipeline {

class Allocations;
class KernelTargets;

/// When all has been rendered; `narrowed_by` as gaps_about() takes it.
std::vector<report::Finding> findings_of(const Session& session, const KernelTargets& kernel,
                                         const Allocations& allocations, const ShownMaps& maps,
                                         const std::string& narrowed_by);

/// In a report on one task: how full a map is, or what its other rows say, is not about the task. That some
/// of it could not be read may be.
void leave_out_whole_maps(const ShownMaps& maps, std::vector<report::Finding>& findings);

} // namespace mapscope::pipeline
