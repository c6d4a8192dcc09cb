// SPDX-License-Identifier: Apache-2.0
// The kernel's symbol tables, found in its memory by what they look like. No key and no address is needed:
// 256 NUL-terminated tokens, among them all ten digits, in front of the same tokens' places; the markers of
// the packed names; and addresses that ascend (scripts/kallsyms.c, write_src()).
//
// Refuses: tables that are not there as a whole. Addresses are physical. Thread rule: pure.
#pragma once

#include "host/memory/source.hpp"
#include "host/target/kallsyms.hpp"

#include <vector>

namespace mapscope::target {

struct KallsymsShape {
  KallsymsPlaces places; ///< physical addresses; the number of symbols is counted, not believed
  SymbolEncoding encoding = SymbolEncoding::relative_signed;
};

/// All tables in [begin, end), from low to high; a machine that was started again may hold those of more than
/// one kernel.
std::vector<KallsymsShape> kallsyms_by_shape(const memory::Source& source, std::uint64_t begin,
                                             std::uint64_t end);

} // namespace mapscope::target
