// SPDX-License-Identifier: Apache-2.0
// Which architecture a kernel is of, and the translator that reads its page tables: one file per architecture
// beside this one.
//
// Refuses: an architecture that has no such file. Thread rule: functions of their arguments alone.
#pragma once

#include "host/base/result.hpp"
#include "host/target/page_walker.hpp"
#include "host/target/vmcoreinfo.hpp"

#include <memory>
#include <string_view>

namespace mapscope::target {

/// "x86_64" or "aarch64", by the keys that only kernels of it have; "" when there is none of them.
std::string_view arch_of(const Vmcoreinfo& info);

/// Whether dumps of it can be read, as a dump's file names it; "" is not.
bool is_known_arch(std::string_view arch);
/// e_machine of its ELF files; 0 when it is not known.
std::uint16_t elf_machine(std::string_view arch);

/// Error: not_found, with a clause that says what is wrong with the text ("it lacks phys_base, ...").
Result<std::unique_ptr<PageWalker>> make_translator(const memory::Source& source, const Vmcoreinfo& info);

} // namespace mapscope::target
