// SPDX-License-Identifier: Apache-2.0
// --map kernel:NAME: which parts of the kernel that are no maps a report is about.
//
// Thread rule: pure functions, but for what is said.
#pragma once

#include "host/plugin/select/registry.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mapscope::pipeline {

/// What plugins show of any kernel, and whether they do of this one.
struct KernelParts {
  struct Missing {
    std::string name;
    std::string why; ///< "sched_ext is not shown by ID@VERSION: needs ..."
  };
  std::vector<plugin::KernelTarget> shown; ///< by name
  std::vector<Missing> missing;            ///< one for each plugin
};

KernelParts kernel_parts(const plugin::Registry& registry, const btf::Types& kernel,
                         const config::Config& config);

/// What this kernel has not is none of a report's business; who asks what is done reads why.
void tell_missing(const std::vector<KernelParts::Missing>& parts);

/// Whether a SPEC is of this kind.
bool names_part(std::string_view spec);

/// The parts that any of `specs` names, all of them without specs. Errors (usage): a spec of this kind that
/// names none.
Result<std::vector<plugin::KernelTarget>> filter_parts(const KernelParts& parts,
                                                       const std::vector<std::string>& specs);

} // namespace mapscope::pipeline
