// SPDX-License-Identifier: Apache-2.0
// What of a whole report a person should look at first: of the parts of the kernel, the source, the kernel's
// tables, the allocators, ties, and each map, in this order.
//
// Refuses: to tell of maps that are not shown. Thread rule: pure.
#pragma once

#include "host/pipeline/allocations.hpp"
#include "host/pipeline/kernel_targets.hpp"
#include "host/pipeline/session.hpp"

#include <vector>

namespace mapscope::pipeline {

/// When all has been rendered.
std::vector<report::Finding> findings_of(const Session& session, const KernelTargets& kernel,
                                         const Allocations& allocations, const ShownMaps& maps);

} // namespace mapscope::pipeline
