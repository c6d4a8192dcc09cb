// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/source_runs.hpp"

#include "host/plugin/call/allocator_call.hpp"
#include "host/report/slots.hpp"

#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

/// What was read of an allocator, beside its fields; how many of its slots are live.
std::uint64_t record_pool(const report::SlotPool& pool, Recorder& recorder) {
  std::uint64_t live = 0;
  for (const report::Slot& slot : pool.slots) {
    live += slot.live ? 1 : 0;
    recorder.add(fmt::format("{:x} {} {} {}", slot.address, slot.idx, slot.genn, slot.live),
                 fmt::format("slot {} at {:#x}", slot.idx, slot.address));
  }
  recorder.add(fmt::format("{} {} {} {}", pool.stride, pool.header, pool.payload.id, pool.reason),
               fmt::format("slots of {} bytes, {} of {} live", pool.stride, live, pool.slots.size()));
  return live;
}

} // namespace

/// All of it in worker processes, the program's own plugins too: they work for one that nobody trusts.
config::Config SourceRuns::limited(config::Config config, std::uint64_t limit) {
  constexpr std::uint64_t least_inside = 16; // as --limit has it
  config.plugins.isolate = "all";
  config.report.limit = limit;
  config.report.array_elements = 0; // what values are cut to is no business of the plugin's
  config.report.inside = limit == all ? 0 : std::max(limit, least_inside);
  for (config::MapRule& rule : config.maps) rule.limit.reset();
  return config;
}

SourceRuns::SourceRuns(const EnvironmentOf& environment_of, const config::Config& config,
                       const SourceTargets& targets, std::uint64_t limit)
    : config_(limited(config, limit)), environment_(environment_of(config_)), targets_(targets) {
  find_allocators(environment_, *environment_.registry, *environment_.catalog, allocators_);
  std::vector<const AllocatorCall*> calls;
  for (const FoundAllocator& found : allocators_.found) calls.push_back(&found.call);
  for (std::size_t i = 0; i < targets.all().size(); ++i)
    if (const auto variable = targets.all()[i].variable) reads_[i] = {{*calls[*variable], *calls[*variable]}};
}

Result<void> SourceRuns::start() {
  std::vector<Selection> all = targets_.selections();
  for (const FoundAllocator& found : allocators_.found) all.push_back(found.selection);
  const std::size_t once = all.size();
  for (std::size_t i = 0; i < once; ++i) all.push_back(all[i]); // each has two renders
  auto workers = Workers::start(environment_, environment_.registry->plugins(), all);
  if (!workers) return std::unexpected(std::move(workers.error()));
  workers_ = std::move(*workers);
  run_allocators(environment_, allocators_, workers_.get());
  environment_.slots = &allocators_.slots;
  return {};
}

AllocatorCall* SourceRuns::allocator_call(std::size_t index) {
  const auto reads = reads_.find(index);
  return reads != reads_.end() ? &reads->second.calls[reads->second.done++ % 2] : nullptr;
}

RenderRecord SourceRuns::render(std::size_t index, std::size_t skip) {
  const SourceTarget& target = targets_.all()[index];
  const auto choices = target.choices.subspan(skip);
  const bool is_map = target.sort_of != SourceTarget::Sort::kernel;
  AllocatorCall* const call = allocator_call(index);
  const auto names = call != nullptr ? catalog::Names(call->variable->name) : target.map->names();
  const Limits limits = limits_for(config_, names, choices.front().plugin->manifest(), {});
  RenderRecord record;
  {
    Recorder recorder(record, is_map);
    if (call != nullptr)
      recorder.begin_allocator(call->variable->name, *target.map);
    else
      recorder.begin(*target.map);
    Attempt attempt = workers_->render(environment_, *target.map, choices, limits, recorder, call, {});
    record.outcome = std::move(attempt.outcome);
    if (call != nullptr && call->has_pool) record.outcome.entry_count = record_pool(call->pool, recorder);
    record.failure = std::move(attempt.failure);
    recorder.end(record.outcome);
  }
  return record;
}

} // namespace mapscope::plugin
