// SPDX-License-Identifier: Apache-2.0
// What pointers in a map's values may be followed by.
//
// Thread rule: plain pointers to what does not change while a report is written.
#pragma once

#include "host/catalog/catalog.hpp"

#include <cstdint>
#include <vector>

namespace mapscope::catalog {
class Families;
} // namespace mapscope::catalog

namespace mapscope::report {

class SlotIndex;

/// All of it borrowed.
struct Following {
  const catalog::Families* families = nullptr;       ///< null: no arenas
  const catalog::Map* map = nullptr;                 ///< whose values they are in
  const catalog::TypeObjects* given_types = nullptr; ///< of files that a person named; null: none
  bool typed_kernel = false;        ///< every typed pointer into the kernel, not only to what is safe
  const SlotIndex* slots = nullptr; ///< null: allocators are not known
  bool lists_slots = false;         ///< slots are listed elsewhere: say which one, and do not follow
  bool flat =
      false; ///< a chain is a list from its first link on, and what is shown elsewhere is named (text)
  bool each_row = false; ///< a row does not refer to what another one shows
  /// Ids of the arenas whose variables the report shows, in order; null: of none.
  const std::vector<std::uint32_t>* shown_arenas = nullptr;
  std::uint64_t inside = 0; ///< objects shown behind the pointers of one row; 0 = all
  std::uint64_t bytes = 0;  ///< shown behind the pointers of all rows; 0 = any number
};

} // namespace mapscope::report
