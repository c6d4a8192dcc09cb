// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/limits.hpp"

#include <algorithm>

namespace mapscope::plugin {

namespace {

std::uint64_t left(std::uint64_t limit, std::uint64_t used) { return limit - std::min(limit, used); }

/// True when there is less left than one map may use.
bool lower(std::uint64_t& limit, std::uint64_t rest) {
  if (limit <= rest) return false;
  limit = rest;
  return true;
}

/// The general budget, what a rule for this map says instead, and a plugin's own hint, which can only lower
/// it.
config::Budget budget_for(const config::Config& config, const catalog::Names& map, const Manifest& manifest) {
  config::Budget budget = config.budget;
  for (auto rule = config.maps.rbegin(); rule != config.maps.rend(); ++rule) {
    if (!map.fit(rule->glob)) continue;
    budget.ms = rule->budget.ms.value_or(budget.ms);
    budget.entries = rule->budget.entries.value_or(budget.entries);
    budget.read_bytes = rule->budget.read_bytes.value_or(budget.read_bytes);
    budget.emit_bytes = rule->budget.emit_bytes.value_or(budget.emit_bytes);
  }
  budget.ms = std::min(budget.ms, manifest.budget_ms.value_or(budget.ms));
  budget.entries = std::min(budget.entries, manifest.budget_entries.value_or(budget.entries));
  budget.emit_bytes = std::min(budget.emit_bytes, manifest.budget_bytes.value_or(budget.emit_bytes));
  return budget;
}

} // namespace

void ReportBudget::charge(const Used& used) {
  const std::scoped_lock lock(mutex_);
  used_.entries += used.entries; // each far below 2^63: a render stops at its own limit
  used_.read_bytes += used.read_bytes;
  used_.emit_bytes += used.emit_bytes;
}

ReportBudget::Rest ReportBudget::rest() const {
  auto passed = std::chrono::steady_clock::now() - start_;
  if (output_ != nullptr) passed -= output_->waited();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
  const std::scoped_lock lock(mutex_);
  return {.ms = left(limits_.ms, static_cast<std::uint64_t>(ms)),
          .entries = left(limits_.entries, used_.entries),
          .read_bytes = left(limits_.read_bytes, used_.read_bytes),
          .emit_bytes = left(limits_.emit_bytes, used_.emit_bytes)};
}

Limits limits_for(const config::Config& config, const catalog::Names& map, const Manifest& manifest,
                  const ReportBudget::Rest& rest) {
  Limits limits{budget_for(config, map, manifest)};
  limits.ms_of_report = lower(limits.budget.ms, rest.ms);
  limits.entries_of_report = lower(limits.budget.entries, rest.entries);
  limits.read_of_report = lower(limits.budget.read_bytes, rest.read_bytes);
  limits.emit_of_report = lower(limits.budget.emit_bytes, rest.emit_bytes);
  return limits;
}

std::uint64_t row_limit(const config::Config& config, const catalog::Names& map) {
  const auto rule = std::ranges::find_if(
      config.maps, [&](const config::MapRule& rule) { return rule.limit && map.fit(rule.glob); });
  return rule != config.maps.end() ? *rule->limit : config.report.limit;
}

} // namespace mapscope::plugin
