// SPDX-License-Identifier: Apache-2.0
// What VMCOREINFO would say of a kernel that has none (CONFIG_VMCORE_INFO=n), or whose copies are all lost.
//
// From the memory alone: the kernel's symbol tables, found by their shape, give the addresses that it
// believes in; its banner, found by its text, the physical place of one of them; and the page tables, whose
// root is a symbol, have to map the one to the other. Refuses: what these three do not agree on. Thread rule:
// pure.
#pragma once

#include "host/target/find_vmcoreinfo.hpp"

#include <optional>
#include <vector>

namespace mapscope::target {

/// One text for each kernel in the memory, checked like any other. Passes over all of the memory, twice.
std::vector<FoundVmcoreinfo> rebuilt_vmcoreinfo(const memory::Source& source);

/// All that the memory confirms, as kernels_of() has them; where those are none, the ones without VMCOREINFO.
std::vector<FoundVmcoreinfo> kernels_in(const memory::Source& source, std::optional<FoundVmcoreinfo> note);

} // namespace mapscope::target
