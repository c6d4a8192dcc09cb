// SPDX-License-Identifier: Apache-2.0
#include "host/cli/outcomes.hpp"

namespace mapscope::cli {

report::Outcome not_rendered(const catalog::Map& map, const plugin::Selection& selection) {
  if (!map.is_read) return {report::Status::unreadable, "", std::nullopt, map.problem.value_or("")};
  return {report::Status::skipped, "", std::nullopt, selection.reason};
}

report::Outcome with_record(const catalog::Map& map, report::Outcome outcome) {
  if (!map.problem) return outcome;
  outcome.status = report::graver(outcome.status, report::Status::partial);
  outcome.error = *map.problem + (outcome.error.empty() ? "" : "; " + outcome.error);
  return outcome;
}

} // namespace mapscope::cli
