// SPDX-License-Identifier: Apache-2.0
// The kernel's own symbol table, read where it lies in the target's memory (kernel/kallsyms.c,
// scripts/kallsyms.c).
//
// Nothing is unpacked up front: a look-up walks the compressed names and decodes only records of the right
// length. Thread rule: as Symbols.
#pragma once

#include "host/base/result.hpp"
#include "host/target/address_space.hpp"
#include "host/target/symbols.hpp"
#include "host/target/vmcoreinfo.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace mapscope::target {

/// `wanted` are names that will be asked for: they are found in one pass here, any other costs a pass of its
/// own. Errors: a table that VMCOREINFO does not name or the dump does not hold, or tables that contradict
/// each other.
Result<std::unique_ptr<Symbols>> read_kallsyms(const AddressSpace& space, const Vmcoreinfo& info,
                                               std::span<const std::string_view> wanted);

} // namespace mapscope::target
