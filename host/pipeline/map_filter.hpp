// SPDX-License-Identifier: Apache-2.0
// --map SPEC: which maps a command is about.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/pipeline/kernel_filter.hpp"

#include <string>
#include <vector>

namespace mapscope::pipeline {

/// What is wrong with the specs themselves, whatever maps there are; the error is of code usage.
Result<void> check_specs(const std::vector<std::string>& specs);

/// The maps that any of `specs` names, in catalog order; all of them without specs. Those that name parts of
/// the kernel are passed over; who names one of `parts` without saying so is told how. Errors (usage): a spec
/// that is malformed or names no map.
Result<std::vector<const catalog::Map*>>
filter_maps(const catalog::Catalog& catalog, const std::vector<std::string>& specs, const KernelParts& parts);

/// Why maps that `specs` mean may be missing from the catalog: a part of the target's tables could not be
/// read. "" where none can. Whoever asks by id has what was asked for.
std::string why_maps_may_lack(const catalog::Catalog& catalog, const std::vector<std::string>& specs);

} // namespace mapscope::pipeline
