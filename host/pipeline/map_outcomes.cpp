// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/map_outcomes.hpp"

namespace mapscope::pipeline {

namespace {

report::Outcome not_rendered(const ShownMap& shown) {
  if (!shown.map->is_read)
    return {report::Status::unreadable, "", std::nullopt, shown.map->problem.value_or("")};
  return {report::Status::skipped, "", std::nullopt, shown.selection.reason};
}

report::Outcome with_record(const catalog::Map& map, report::Outcome outcome) {
  if (!map.problem) return outcome;
  outcome.status = report::graver(outcome.status, report::Status::partial);
  outcome.error = *map.problem + (outcome.error.empty() ? "" : "; " + outcome.error);
  return outcome;
}

} // namespace

report::Outcome render_map(const plugin::Environment& environment, const ShownMap& shown,
                           std::span<const plugin::Choice> choices, report::DraftWriter& writer,
                           plugin::Workers* workers) {
  if (choices.empty()) return not_rendered(shown);
  auto outcome = plugin::render(environment, *shown.map, choices, writer, workers);
  const std::string& passed_over = shown.selection.reason;
  outcome.notes.insert(outcome.notes.begin(), shown.map->type_notes.begin(), shown.map->type_notes.end());
  if (!passed_over.empty()) outcome.notes.insert(outcome.notes.begin(), passed_over);
  return with_record(*shown.map, std::move(outcome));
}

} // namespace mapscope::pipeline
