// SPDX-License-Identifier: Apache-2.0
// One map, by the first plugin that is up to it: in this process, or in a worker process when the plugin is
// not trusted that far. Serves helper calls within the budgets and hands the plugin's rows to a MapWriter.
//
// Thread rule: render() may run on many threads at once, each with its own writer.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/catalog/code_symbols.hpp"
#include "host/catalog/families.hpp"
#include "host/plugin/limits.hpp"
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
  ReportBudget* report = nullptr;                ///< none: a render is on its own
};

class Workers;
struct AllocatorCall;

/// plugins.isolate: whether this plugin must not run in this process.
bool is_isolated(const Plugin& plugin, const config::Plugins& settings);

/// Renders `map`, or an allocator in it, with the best of `choices` (at least one) that does not fail before
/// it has shown anything. Calls writer.row() and field() only: the caller calls begin() before and end() with
/// the returned outcome. Never throws; that a plugin cannot be loaded, crashes or hangs is an outcome, and
/// its status stays also when another plugin then shows the map. Without `workers`, isolated ones fail.
report::Outcome render(const Environment& environment, const catalog::Map& map,
                       std::span<const Choice> choices, report::MapWriter& writer, Workers* workers,
                       AllocatorCall* allocator = nullptr);

} // namespace mapscope::plugin
