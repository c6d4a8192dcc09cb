// SPDX-License-Identifier: Apache-2.0
// The kernel's own symbol table, read where it lies in the target's memory (kernel/kallsyms.c,
// scripts/kallsyms.c).
//
// Nothing is unpacked up front: a look-up walks the compressed names and decodes only records of the right
// length. Thread rule: as Symbols.
#pragma once

#include "host/base/result.hpp"
#include "host/target/address_space.hpp"
#include "host/target/kallsyms_addresses.hpp"
#include "host/target/symbols.hpp"
#include "host/target/vmcoreinfo.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::target {

/// Where the tables lie, in the kernel's own addresses.
struct KallsymsPlaces {
  std::uint64_t names = 0, token_table = 0, token_index = 0;
  std::uint64_t num_syms = 0; ///< where the number of symbols stands; 0: `count` is known
  std::uint32_t count = 0;
  std::uint64_t offsets = 0; ///< or the absolute addresses
  bool is_absolute = false;
  std::uint64_t relative_base = 0; ///< where it stands; 0: there is none (since 7.0)
};
/// The keys came in 6.0; nothing when one is missing.
std::optional<KallsymsPlaces> kallsyms_places(const Vmcoreinfo& info);

/// How to know that the tables are read rightly.
struct SymbolCheck {
  std::optional<std::uint64_t> stext{}; ///< where _stext has to come out
  std::optional<SymbolEncoding>
      encoding{}; ///< what the tables themselves have shown; used where stext is not known
};

struct KernelSymbols {
  std::unique_ptr<Symbols> symbols;
  std::string remark = {};              ///< a sentence: how they were found, when not as usual
  std::vector<std::string> doubts = {}; ///< sentences: damage in the tables, and what that costs
};

/// `wanted` are names that will be asked for: they are found in one pass here, any other costs a pass of its
/// own. How many symbols there are the names say, where they can: the number that stands beside them may be
/// damaged. Errors: a table that the dump does not hold, or tables that contradict each other.
Result<KernelSymbols> read_kallsyms(const AddressSpace& space, const KallsymsPlaces& places,
                                    const SymbolCheck& check, std::span<const std::string_view> wanted);

} // namespace mapscope::target
