// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/render.hpp"

#include "host/plugin/call/call.hpp"
#include "host/plugin/select/library.hpp"
#include "host/plugin/worker/workers.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

Attempt render_here(const Environment& environment, const catalog::Map& map, const Choice& choice,
                    report::MapWriter& writer, Standby standby, AllocatorCall* allocator) {
  const auto entry = load(*choice.plugin);
  if (entry) {
    msc_call call(environment, map, choice, writer, allocator);
    return {call.finish(run(**entry, host_table(), call)), {}, {}};
  }
  Attempt attempt{std::nullopt, report::Status::failed, entry.error().text};
  if (standby == Standby::none) attempt.outcome = {attempt.status, choice.plugin->tag(), std::nullopt, ""};
  return attempt;
}

/// It takes the maps that nobody else does.
bool is_last_resort(const Choice& choice) {
  const auto& attaches = choice.plugin->manifest().attaches;
  if (choice.attach >= attaches.size()) return false;
  const Attach& attach = attaches[choice.attach];
  return attach.kind == AttachKind::map_type &&
         std::ranges::find(attach.patterns, "*") != attach.patterns.end();
}

/// The plugins that stand for one map, and what became of them so far.
class Attempts {
public:
  Attempts(const Environment& environment, const catalog::Map& map, report::MapWriter& writer,
           Workers* workers, AllocatorCall* allocator)
      : environment_(environment), map_(map), writer_(writer), workers_(workers), allocator_(allocator) {}

  report::Outcome run(std::span<const Choice> choices) {
    for (; !choices.empty(); choices = choices.subspan(1)) {
      const Choice& choice = choices.front();
      if (is_left_out(choice, choices.size() > 1)) continue;
      auto attempt = render_with(choice, standby(choices.subspan(1)));
      if (!attempt.failure.empty()) remember(choice, attempt);
      if (attempt.outcome) return finish(std::move(*attempt.outcome));
    }
    return finish({report::Status::skipped, "", std::nullopt, ""});
  }

private:
  [[nodiscard]] bool has_worker(const Choice& choice) const {
    return workers_ != nullptr && is_isolated(*choice.plugin, environment_.config->plugins);
  }

  /// A plugin that keeps failing costs time at every map.
  bool is_left_out(const Choice& choice, bool has_others) {
    if (!has_worker(choice) || !workers_->is_quarantined(*choice.plugin)) return false;
    say(fmt::format("{} is not used any more, it failed {} times", choice.plugin->tag(),
                    Workers::most_failures));
    if (!has_others) status_ = report::Status::failed;
    return true;
  }

  Attempt render_with(const Choice& choice, Standby standby) {
    if (has_worker(choice)) return workers_->render(environment_, map_, choice, writer_, standby, allocator_);
    if (is_isolated(*choice.plugin, environment_.config->plugins))
      return {std::nullopt, report::Status::failed, "there is no worker process for it"};
    return render_here(environment_, map_, choice, writer_, standby, allocator_);
  }

  static Standby standby(std::span<const Choice> others) {
    if (others.empty()) return Standby::none;
    return is_last_resort(others.front()) ? Standby::last_resort : Standby::renderer;
  }

  void remember(const Choice& choice, const Attempt& attempt) {
    if (!status_) status_ = attempt.status;
    say(fmt::format("{} {}: {}", choice.plugin->tag(), report::status_name(attempt.status), attempt.failure));
  }

  void say(const std::string& text) { error_ += (error_.empty() ? "" : "; ") + text; }

  report::Outcome finish(report::Outcome outcome) {
    if (status_) outcome.status = *status_;
    if (!outcome.error.empty()) say(outcome.error);
    outcome.error = std::move(error_);
    return outcome;
  }

  const Environment& environment_;
  const catalog::Map& map_;
  report::MapWriter& writer_;
  Workers* workers_;
  AllocatorCall* allocator_;
  std::optional<report::Status> status_; ///< of the first that failed
  std::string error_;
};

} // namespace

report::Outcome render(const Environment& environment, const catalog::Map& map,
                       std::span<const Choice> choices, report::MapWriter& writer, Workers* workers,
                       AllocatorCall* allocator) {
  return Attempts(environment, map, writer, workers, allocator).run(choices);
}

} // namespace mapscope::plugin
