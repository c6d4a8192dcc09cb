// SPDX-License-Identifier: Apache-2.0
// What the types say of the kernel against what the kernel says of itself, and who else is in its memory.
//
// Thread rule: pure functions.
#pragma once

#include "host/btf/types.hpp"
#include "host/target/find_vmcoreinfo.hpp"
#include "host/target/target.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace mapscope::catalog {

/// SIZE() and OFFSET() of VMCOREINFO against the types of those names. What the types do not have is passed
/// over.
struct Agreement {
  std::size_t compared = 0, contradicted = 0;
  std::string first; ///< contradiction: "SIZE(page) is 64 in VMCOREINFO and 56 in the types"
};
Agreement compare(const target::Vmcoreinfo& info, const btf::Types& types);

/// Kernels that run where this one, having crashed, put its crash kernel; empty where it has not crashed.
/// Looks at the memory that is reserved for it (crashk_res), and no further.
std::vector<target::FoundVmcoreinfo> crash_kernels(const target::Target& target, const btf::Types& types);

} // namespace mapscope::catalog
