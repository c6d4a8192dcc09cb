// SPDX-License-Identifier: Apache-2.0
// The kernel's symbols from its memory: where VMCOREINFO says they are, else by their shape.
//
// Before 6.0 VMCOREINFO does not say it, and what it says may be damaged. Thread rule: pure.
#pragma once

#include "host/target/kallsyms.hpp"

namespace mapscope::target {

/// Errors: those of the way by VMCOREINFO, when the other leads nowhere either.
Result<KernelSymbols> kallsyms_of(const AddressSpace& space, const Vmcoreinfo& info,
                                  std::span<const std::string_view> wanted);

} // namespace mapscope::target
