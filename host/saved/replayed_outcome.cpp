// SPDX-License-Identifier: Apache-2.0
#include "host/saved/replayed_outcome.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace mapscope::saved {

namespace {

using report::Status;

std::optional<Status> status_called(std::string_view name) {
  for (unsigned i = 0; i <= static_cast<unsigned>(Status::skipped); ++i)
    if (status_name(static_cast<Status>(i)) == name) return static_cast<Status>(i);
  return std::nullopt;
}

/// The reference's format has none, and an error where not all is there. A word that is not known is of
/// another version, and no promise that all is there.
Status status_of(const plain::Object& map) {
  const auto word = map.text("status");
  const Status status = word ? status_called(*word).value_or(Status::partial) : Status::complete;
  return status == Status::complete && map.text("error") ? Status::partial : status;
}

std::string behind(const std::string& first, const std::string& rest) {
  return rest.empty() ? first : first + "; " + rest;
}

/// Of what lies behind pointers, which is told behind what was cut of values.
bool is_of_pointers(const std::string& limit) {
  return limit.starts_with("objects not shown:") || limit.find(" pointers are not followed:") != limit.npos;
}

} // namespace

ReplayedOutcome::ReplayedOutcome(const plain::Object& map, const btf::Limits& limits) : limits_(limits) {
  outcome_.renderer = map.text("renderer").value_or("");
  outcome_.status = status_of(map);
  outcome_.entry_count = map.number("entry_count");
  outcome_.stands_in = map.flag("stands_in").value_or(false);
  outcome_.limits = map.texts("limits"), outcome_.notes = map.texts("notes");
  take_words(map), take_cuts(map);
  if (const auto word = map.text("status"); word && !status_called(*word))
    outcome_.error = behind(fmt::format("the saved report has the status \"{}\", which is not known", *word),
                            outcome_.error);
}

/// "error" is all that there is to say; limits and notes are also told apart. Of a map that is complete the
/// first note may be the error: where it was told is all the same, but for one that stands in.
void ReplayedOutcome::take_words(const plain::Object& map) {
  std::string& error = outcome_.error;
  auto& notes = outcome_.notes;
  if (outcome_.status == Status::complete) {
    if (!outcome_.stands_in || notes.empty()) return;
    error = notes.front();
    notes.erase(notes.begin());
    return;
  }
  const std::string rest = report::words_of(outcome_); // without an error yet
  error = map.text("error").value_or("");
  if (error == rest)
    error.clear();
  else if (!rest.empty() && error.ends_with("; " + rest))
    error.resize(error.size() - rest.size() - 2);
}

void ReplayedOutcome::take_cuts(const plain::Object& map) {
  const plain::Object saved(map.find("cut_values"));
  cuts_.longest = saved.number("longest").value_or(0);
  cuts_.nodes_of_list = saved.number("nodes_of_list").value_or(0);
  cuts_.depth = saved.flag("depth").value_or(false);
  cuts_.nodes = saved.flag("nodes").value_or(false);
  auto& limits = outcome_.limits;
  cuts_at_ = static_cast<std::size_t>(std::ranges::find_if(limits, is_of_pointers) - limits.begin());
  report::Cuts of_json;
  of_json.add(cuts_);
  for (const std::string& told : cut_reasons(of_json, limits_)) {
    const auto at = std::ranges::find(limits, told);
    if (at == limits.end()) continue;
    cuts_at_ = static_cast<std::size_t>(at - limits.begin());
    limits.erase(at);
  }
  const bool was_only_that = outcome_.status == Status::truncated && cuts_.any() && limits.empty();
  if (was_only_that && outcome_.error.empty()) outcome_.status = Status::complete;
}

report::Outcome ReplayedOutcome::as_for(const report::MapWriter& writer) const {
  report::Outcome outcome = outcome_;
  auto reasons = cut_reasons(writer.cuts(), limits_);
  if (!reasons.empty() && outcome.status == Status::complete) outcome.status = Status::truncated;
  outcome.limits.insert(outcome.limits.begin() + static_cast<std::ptrdiff_t>(cuts_at_),
                        std::make_move_iterator(reasons.begin()), std::make_move_iterator(reasons.end()));
  return outcome;
}

} // namespace mapscope::saved
