// SPDX-License-Identifier: Apache-2.0
// One plugin, one map, in this process: loads the library, serves its helper calls within the budgets, and
// hands its rows to a MapWriter. Workers (plugins in processes of their own) will stand beside this behind
// the same function.
//
// Thread rule: render() may run on many threads at once, each with its own writer.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/catalog/code_symbols.hpp"
#include "host/catalog/families.hpp"
#include "host/config/config.hpp"
#include "host/plugin/registry.hpp"
#include "host/report/slots.hpp"
#include "host/report/writer.hpp"
#include "host/target/target.hpp"

#include <memory>

namespace mapscope::plugin {

/// What all renders of one report share.
struct Environment {
  const target::Target* target = nullptr;
  std::shared_ptr<const btf::Types> kernel;
  const config::Config* config = nullptr;
  btf::Limits limits;
  const catalog::CodeSymbols* symbols = nullptr; ///< none: addresses of code have no names
  const catalog::Families* families = nullptr;   ///< none: arenas are not known
  const report::SlotIndex* slots = nullptr;      ///< none: allocators have not been read
};

/// Renders `map` with `choice`. Calls writer.row() only: the caller calls begin() before and end() with the
/// returned outcome. Never throws; a plugin that cannot be loaded or fails is an outcome.
report::Outcome render(const Environment& environment, const catalog::Map& map, const Choice& choice,
                       report::MapWriter& writer);

} // namespace mapscope::plugin
