// SPDX-License-Identifier: Apache-2.0
// What VMCOREINFO would say of a kernel that has none (CONFIG_VMCORE_INFO=n), or whose copies are all lost.
//
// From the memory alone: the kernel's symbol tables, found by their shape, give the addresses that it
// believes in; its banner, found by its text, the physical place of one of them; and the page tables, whose
// root is a symbol, have to map the one to the other. Refuses: what these three do not agree on. Thread rule:
// pure.
#pragma once

#include "host/target/find_vmcoreinfo.hpp"

#include <vector>

namespace mapscope::target {

/// One text for each kernel in the memory, checked like any other. Passes over all of the memory, twice.
std::vector<FoundVmcoreinfo> rebuilt_vmcoreinfo(const memory::Source& source);

} // namespace mapscope::target
