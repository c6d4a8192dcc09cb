// SPDX-License-Identifier: Apache-2.0
// Addresses of the kernel's data where its symbols tell of its code alone (CONFIG_KALLSYMS_ALL off), found by
// what lies there: each has something in it that says what it is.
//
// Found: the id tables of maps, programs and BTF objects, the list of programs' code, the list of modules,
// the tree of the memory's resources, the areas of CPUs. Refuses: to take anything for its place. Thread
// rule: pure functions.
#pragma once

#include "host/btf/types.hpp"
#include "host/target/target.hpp"

#include <map>
#include <optional>
#include <string>

namespace mapscope::catalog {

struct DataSymbols {
  std::map<std::string, std::uint64_t, std::less<>> addresses; ///< of what the symbols lack
  /// Of a kernel for several CPUs; empty where they cannot be told.
  std::optional<target::PerCpu> per_cpu;
  std::string warning; ///< a sentence that says what was found, what is lost and what to do
};

/// Whether they name none of the id tables, nor the areas of CPUs.
bool tells_of_code_alone(const target::Symbols& symbols);

/// By a pass over the kernel's image, and two more for the areas of CPUs.
DataSymbols find_data_symbols(const target::Target& target, const btf::Types& kernel);

} // namespace mapscope::catalog
