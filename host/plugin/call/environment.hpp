// SPDX-License-Identifier: Apache-2.0
// What all renders of one report share.
//
// Thread rule: plain pointers to what does not change while renders run; the budget guards itself.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/catalog/catalog.hpp"
#include "host/plugin/call/limits.hpp"
#include "host/plugin/select/quarantine.hpp"

#include <memory>
#include <vector>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::catalog {
class CodeSymbols;
class Families;
} // namespace mapscope::catalog

namespace mapscope::report {
class SlotIndex;
} // namespace mapscope::report

namespace mapscope::plugin {

class Registry;

struct Environment {
  const target::Target* target = nullptr;
  std::shared_ptr<const btf::Types> kernel;
  const config::Config* config = nullptr;
  btf::Limits limits;
  const catalog::CodeSymbols* symbols = nullptr;          ///< none: addresses of code have no names
  const catalog::Families* families = nullptr;            ///< none: arenas are not known
  const report::SlotIndex* slots = nullptr;               ///< none: allocators have not been read
  ReportBudget* report = nullptr;                         ///< none: a render is on its own
  Quarantine* quarantine = nullptr;                       ///< none: nobody counts failures
  const catalog::Catalog* catalog = nullptr;              ///< none: a plugin sees its own map alone
  const Registry* registry = nullptr;                     ///< none: nobody walks other maps
  void (*tell_author)(const std::string& text) = nullptr; ///< what plugins say with debug(); none: nobody
  bool flat_chains = false;                               ///< see report::Following
  const catalog::TypeObjects* given_types = nullptr;      ///< none: no files with types were given
  bool rows_stand_alone = false;                          ///< see report::Following
  std::vector<std::uint32_t> shown_arenas = {};           ///< ids, in order: see report::Following
};

} // namespace mapscope::plugin
