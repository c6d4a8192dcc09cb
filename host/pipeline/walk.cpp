// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/walk.hpp"

#include "host/pipeline/map_outcomes.hpp"
#include "host/pipeline/nowhere.hpp"
#include "host/plugin/worker/workers.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>

namespace mapscope::pipeline {

namespace {

/// Here one row is shown, which is nothing to be told.
bool is_cut_by_counting(const report::Outcome& outcome) {
  return outcome.status == report::Status::truncated && !outcome.gave_up && outcome.error.empty();
}

/// What decoders add is not counted.
std::span<const plugin::Choice> renderers(const plugin::Selection& selection) {
  return {std::ranges::find_if_not(selection.choices, &plugin::Choice::is_decoder), selection.choices.end()};
}

/// One row is read, the others are only walked over.
config::Config counting_with(config::Config config) {
  config.report.limit = 1;
  for (auto& rule : config.maps) rule.limit.reset();
  return config;
}

} // namespace

void walk_over(const Setup& setup, const Session& session, ShownMaps& maps,
               const std::function<void(const ShownMap&)>& walked) {
  const config::Config counting = counting_with(setup.loaded.config);
  plugin::Quarantine quarantine;
  plugin::Environment environment{session.target.get(), session.kernel, &counting, {}, session.symbols.get()};
  environment.quarantine = &quarantine;
  environment.given_types = &session.given.objects();
  std::vector<plugin::Selection> selections;
  for (const ShownMap& shown : maps) selections.push_back(shown.selection);
  const auto workers = plugin::Workers::start(environment, setup.registry.plugins(), selections);
  if (!workers) spdlog::warn("plugins from elsewhere are not used: {}", workers.error().text);
  Nowhere nowhere;
  for (ShownMap& shown : maps) {
    shown.outcome = render_map(environment, shown, renderers(shown.selection), nowhere,
                               workers ? workers->get() : nullptr);
    if (is_cut_by_counting(shown.outcome)) shown.outcome.status = report::Status::complete;
    walked(shown);
  }
}

} // namespace mapscope::pipeline
