// SPDX-License-Identifier: Apache-2.0
// Allocators: global variables of the types that plugins attach to (attach=allocator:NAME var=TYPE), in the
// data sections of all BPF objects, and what their plugins say of the slots they hand out.
//
// Refuses: variables in the arena itself, and to run a plugin when two from elsewhere claim a variable alike.
// Thread rule: run before the maps, on one thread.
#pragma once

#include "host/plugin/call/allocator_call.hpp"
#include "host/plugin/render.hpp"
#include "host/report/allocations.hpp"

#include <list>
#include <string>
#include <vector>

namespace mapscope::plugin {

/// One of them, and who is to read it.
struct FoundAllocator {
  AllocatorVariable variable;
  Selection selection;
  AllocatorCall call;
};

struct Allocators {
  std::list<FoundAllocator> found;
  std::list<report::Allocation> allocations; ///< those that are initialised, or that trouble has come of
  report::SlotIndex slots;
  std::vector<report::Finding> findings; ///< of those that no plugin could be chosen for
  std::vector<const Plugin*> used;       ///< one each
};

/// Those whose type a usable plugin's manifest names, in the order of their maps and places.
std::vector<AllocatorVariable> find_allocators(const Registry& registry, const catalog::Catalog& catalog,
                                               const btf::Types& kernel);
/// Ranks as Registry::select() does; rules of [map."GLOB"] match the variable's name.
Selection select_allocator(const Registry& registry, const AllocatorVariable& variable,
                           const btf::Types& kernel, const config::Config& config);
/// Finds and selects; nothing of a plugin runs.
void find_allocators(const Environment& environment, const Registry& registry,
                     const catalog::Catalog& catalog, Allocators& into);
/// Runs those that were found.
void run_allocators(const Environment& environment, Allocators& into, Workers* workers);

} // namespace mapscope::plugin
