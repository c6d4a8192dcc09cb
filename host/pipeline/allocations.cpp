// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/allocations.hpp"

#include "host/pipeline/only.hpp"

#include <algorithm>

namespace mapscope::pipeline {

namespace {

report::AllocationContext context_of(const plugin::Environment& environment) {
  report::AllocationContext context;
  context.target = environment.target, context.kernel = environment.kernel;
  context.symbols = environment.symbols, context.limits = environment.limits;
  context.following.families = environment.families;
  context.following.given_types = environment.given_types;
  context.following.slots = environment.slots;
  context.following.inside = environment.config->report.inside;
  context.entries = environment.config->report.limit;
  return context;
}

} // namespace

void Allocations::find(const plugin::Environment& environment, const plugin::Registry& registry,
                       const catalog::Catalog& catalog) {
  plugin::find_allocators(environment, registry, catalog, all_);
}

void Allocations::choose(const std::vector<const catalog::Map*>& maps, const std::string& only) {
  for (const plugin::FoundAllocator& found : all_.found)
    if (is_by(found.selection, only) && std::ranges::find(maps, found.variable.section) != maps.end())
      chosen_.push_back(&found.variable);
}

void Allocations::choose(const std::function<bool(std::uint32_t, std::string_view)>& wanted) {
  for (const plugin::FoundAllocator& found : all_.found)
    if (wanted(found.variable.section->id, found.variable.name)) chosen_.push_back(&found.variable);
}

bool Allocations::is_chosen(const report::Allocation& allocation) const {
  return std::ranges::any_of(chosen_, [&](const plugin::AllocatorVariable* variable) {
    return variable->section == allocation.section && variable->name == allocation.name;
  });
}

void Allocations::read(plugin::Environment& environment, plugin::Workers* workers) {
  plugin::run_allocators(environment, all_, workers);
  environment.slots = &all_.slots;
  for (report::Allocation& allocation : all_.allocations)
    if (is_chosen(allocation)) listed_.push_back(&allocation);
}

void Allocations::write(std::size_t index, const plugin::Environment& environment,
                        report::MapWriter& writer) {
  report::Allocation& allocation = *listed_[index];
  allocation.outcome = report::write_allocation(allocation, context_of(environment), writer);
}

} // namespace mapscope::pipeline
