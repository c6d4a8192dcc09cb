// SPDX-License-Identifier: Apache-2.0
#include "host/cli/print.hpp"

#include "host/cli/message.hpp"
#include "host/cli/outcomes.hpp"
#include "host/plugin/render.hpp"
#include "host/plugin/worker/workers.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::cli {

namespace {

/// Takes rows and keeps none.
class Nowhere final : public report::DraftWriter {
public:
  void begin_allocator(std::string_view, const catalog::Map&) override {}
  void begin(const catalog::Map&) override {}
  void row(const report::Row&) override {}
  void field(const report::Field&) override {}
  void end(const report::Outcome&) override {}
  void keep() override {}
  void set_aside() override {}
  void drop() override {}
  void bring_back() override {}
};

/// What decoders add is not counted.
std::span<const plugin::Choice> renderers(const plugin::Selection& selection) {
  return {std::ranges::find_if_not(selection.choices, &plugin::Choice::is_decoder), selection.choices.end()};
}

/// Here one row is shown, which is nothing to be told.
bool is_cut_by_counting(const report::Outcome& outcome) {
  return outcome.status == report::Status::truncated && !outcome.gave_up && outcome.error.empty();
}

} // namespace

void StdoutStream::append(std::string_view text) {
  held_ += text;
  if (held_.size() >= 64U << 10) flush();
}

void StdoutStream::flush() {
  if (result_) result_ = output_->write(held_);
  held_.clear();
}

int StdoutStream::finish() {
  flush();
  return result_ ? exit_ok : complain(result_.error());
}

void print_rules(std::span<const plugin::RuleResult> log, StdoutStream& out) {
  constexpr const char* words[] = {"ok", "warning", "FAILED"};
  for (const auto& rule : log)
    out.append(
        fmt::format("{:<4} {:<8} {}\n", rule.rule, words[static_cast<std::size_t>(rule.verdict)], rule.text));
}

std::vector<report::Outcome> walk_over(const Setup& setup, const Session& session,
                                       const std::vector<const catalog::Map*>& maps,
                                       const std::vector<plugin::Selection>& selections) {
  config::Config counting = setup.loaded.config;
  counting.report.limit = 1; // one row is read, the others are only walked over
  for (auto& rule : counting.maps) rule.limit.reset();
  plugin::Quarantine quarantine;
  plugin::Environment environment{session.target.get(), session.kernel, &counting, {}, session.symbols.get()};
  environment.quarantine = &quarantine;
  std::vector<report::Outcome> outcomes(selections.size());
  const auto workers = plugin::Workers::start(environment, setup.registry.plugins(), selections);
  if (!workers) spdlog::warn("plugins from elsewhere are not used: {}", workers.error().text);
  Nowhere nowhere;
  for (std::size_t i = 0; i < selections.size(); ++i) {
    const catalog::Map& map = *maps[i];
    outcomes[i] = selections[i].choices.empty()
                      ? not_rendered(map, selections[i])
                      : with_record(map, plugin::render(environment, map, renderers(selections[i]), nowhere,
                                                        workers ? workers->get() : nullptr));
    if (is_cut_by_counting(outcomes[i])) outcomes[i].status = report::Status::complete;
  }
  return outcomes;
}

} // namespace mapscope::cli
