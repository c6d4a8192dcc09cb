// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/render.hpp"

#include "host/base/counted.hpp"
#include "host/base/ending.hpp"
#include "host/btf/types.hpp"
#include "host/plugin/call/allocator_call.hpp"
#include "host/plugin/call/call.hpp"
#include "host/plugin/select/library.hpp"
#include "host/plugin/select/quarantine.hpp"
#include "host/plugin/verify/elf_image.hpp"
#include "host/plugin/worker/workers.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

/// The plugin could not be called at all.
Attempt not_called(const Choice& choice, std::string why) {
  Attempt attempt{{report::Status::failed, choice.plugin->tag(), std::nullopt, ""}, false, std::move(why)};
  attempt.outcome.gave_up = true;
  return attempt;
}

/// What is said where it takes this process along.
std::string when_text(const catalog::Map& map, const Choice& choice, const AllocatorCall* allocator) {
  std::string what = fmt::format("map {} {}", map.id, printable(map.names().longest()));
  if (allocator != nullptr) what = "allocator " + printable(allocator->variable->name);
  if (allocator == nullptr && map.kva == 0) what = choice.why;
  return fmt::format("while it rendered {} in this process, so there is no report; --isolate all lets it end "
                     "one of its own",
                     what);
}

Attempt render_here(const Environment& environment, const catalog::Map& map, std::span<const Choice> choices,
                    const Limits& limits, report::MapWriter& writer, AllocatorCall* allocator) {
  const Choice& choice = choices.front();
  const Foreign foreign(choice.plugin->tag(), when_text(map, choice, allocator));
  const auto entry = load(*choice.plugin);
  if (!entry) return not_called(choice, entry.error().text);
  msc_call call(environment, map, choices, limits, writer, allocator);
  auto outcome = call.finish(run(**entry, host_table(), call));
  return {std::move(outcome), call.shows(), {}, call.used()};
}

/// It takes the maps that nobody else does.
bool is_last_resort(const Choice& choice) {
  const auto& attaches = choice.plugin->manifest().attaches;
  if (choice.attach >= attaches.size()) return false;
  const Attach& attach = attaches[choice.attach];
  return attach.kind == AttachKind::map_type && attach.mode == AttachMode::map &&
         std::ranges::find(attach.patterns, "*") != attach.patterns.end();
}

/// The plugins that stand for one map, and what became of them so far.
class Attempts {
public:
  Attempts(const Environment& environment, const catalog::Map& map, report::DraftWriter& writer,
           Workers* workers, AllocatorCall* allocator)
      : environment_(environment), map_(map), writer_(writer), workers_(workers), allocator_(allocator),
        rest_(environment.report != nullptr ? environment.report->rest() : ReportBudget::Rest{}) {}

  report::Outcome run(std::span<const Choice> choices) {
    for (; !choices.empty(); choices = choices.subspan(1)) {
      if (aside_ && is_last_resort(choices.front())) break; // it has next to nothing of a map
      if (is_left_out(choices.front(), choices.size() > 1)) continue;
      if (auto outcome = try_first(choices)) return std::move(*outcome);
    }
    return finish_without();
  }

private:
  /// Nothing: it gives way to those behind it.
  std::optional<report::Outcome> try_first(std::span<const Choice> choices) {
    const Choice& choice = choices.front();
    const auto others = choices.subspan(1);
    if (!may_begin_again(choice, others)) keep();
    auto attempt = render_with_sound(choices);
    if (is_one_too_many(choice, attempt, !others.empty())) {
      leave_out(choice, !others.empty());
      if (attempt.shows) writer_.drop();
      return std::nullopt;
    }
    attempt.outcome.stands_in = has_given_way_;
    if (stands(choice, attempt, others)) return finish(std::move(attempt));
    give_way(choice, std::move(attempt));
    return std::nullopt;
  }

  /// One of those that stand next may end a process that is not its own: then it takes part no more.
  Attempt render_with_sound(std::span<const Choice> choices) {
    leave_out_of(choices.subspan(1));
    auto attempt = render_with(choices);
    while (!attempt.failure.empty() && !(is_kept_ && attempt.shows)) {
      auto again = without_culprit(choices, attempt);
      if (!again) break;
      attempt = std::move(*again);
    }
    return attempt;
  }

  void leave_out_of(std::span<const Choice> others) {
    for (const Choice& other : others)
      if (other.is_decoder() && !left_out_.holds(*other.plugin) && is_left_out(other, true))
        left_out_.add(*other.plugin);
  }

  /// Nothing where the failure is that of the first, or of nobody without whom the others come to an end.
  std::optional<Attempt> without_culprit(std::span<const Choice> choices, Attempt& failed) {
    const auto before = left_out_;
    for (const Choice& other : choices.subspan(1)) {
      if (failed.culprit != nullptr ? other.plugin != failed.culprit : !other.is_decoder()) continue;
      if (left_out_.holds(*other.plugin) || !left_out_.add(*other.plugin)) continue;
      if (failed.shows) writer_.drop();
      auto again = render_with(choices);
      if (failed.culprit != nullptr || again.failure.empty()) {
        tell_culprit(*other.plugin, failed);
        return again;
      }
      failed.shows = again.shows; // in place of what it had shown
      left_out_ = before;
    }
    return std::nullopt;
  }

  void tell_culprit(const Plugin& plugin, const Attempt& failed) {
    if (environment_.quarantine != nullptr && !environment_.quarantine->count(plugin))
      return say_left_out(plugin);
    say(plugin.tag(), failed.outcome.status, failed.failure);
    if (!status_) status_ = failed.outcome.status;
  }

  [[nodiscard]] bool has_worker(const Choice& choice) const {
    return workers_ != nullptr && is_isolated(*choice.plugin, environment_.config->plugins);
  }

  /// A plugin that keeps failing costs time at every map.
  bool is_left_out(const Choice& choice, bool has_others) {
    if (left_out_.holds(*choice.plugin)) return true; // and has been told
    const Quarantine* quarantine = environment_.quarantine;
    if (quarantine == nullptr || !quarantine->holds(*choice.plugin)) return false;
    if (is_always_asked(choice, has_others)) return false;
    leave_out(choice, has_others);
    return true;
  }

  /// Nobody else is there, it ends nobody's process, and it may have something.
  [[nodiscard]] bool is_always_asked(const Choice& choice, bool has_others) const {
    return !has_others && !has_worker(choice);
  }

  void leave_out(const Choice& choice, bool has_others) {
    say_left_out(*choice.plugin);
    if (!has_others) status_ = report::Status::failed;
  }

  void say_left_out(const Plugin& plugin) {
    say(fmt::format("{} is not used any more, it failed {} times", plugin.tag(), Quarantine::most_failures));
  }

  /// Counts a failure. True when the plugin had failed too often already, on maps ahead of this one that were
  /// not done when this one began; what was written at once stays.
  [[nodiscard]] bool is_one_too_many(const Choice& choice, const Attempt& attempt, bool has_others) const {
    const bool is_costly = !attempt.failure.empty() || attempt.outcome.status == report::Status::timed_out;
    if (!attempt.outcome.gave_up || !is_costly || environment_.quarantine == nullptr) return false;
    const Plugin& failed = attempt.culprit != nullptr ? *attempt.culprit : *choice.plugin;
    return !environment_.quarantine->count(failed) && !is_always_asked(choice, has_others) &&
           !(is_kept_ && attempt.shows);
  }

  /// Somebody shows the map as a whole where this one does not.
  static bool is_followed(std::span<const Choice> others) {
    return !others.empty() && !is_last_resort(others.front());
  }

  /// What the program's own plugins show in this process stands however they end, and need not wait.
  [[nodiscard]] bool may_begin_again(const Choice& choice, std::span<const Choice> others) const {
    return aside_ || (is_followed(others) && (!choice.plugin->built_in || has_worker(choice)));
  }

  void keep() {
    writer_.keep();
    is_kept_ = true;
  }

  /// What the program's own plugin could show of a map is not left to one from elsewhere; and the last resort
  /// is for what nobody knows: where the own one has nothing to show, that is how it is.
  [[nodiscard]] bool stands(const Choice& choice, const Attempt& attempt,
                            std::span<const Choice> others) const {
    if (!attempt.outcome.gave_up || (is_kept_ && attempt.shows)) return true;
    if (others.empty()) return attempt.shows || !aside_;
    const bool is_own_end = choice.plugin->built_in && attempt.failure.empty();
    return is_followed(others) ? is_own_end && attempt.shows : is_own_end || attempt.shows;
  }

  /// Each has what the report had left when the map's turn came: what another has used is not in the report.
  [[nodiscard]] Limits limits(const Choice& choice) const {
    const auto names = allocator_ != nullptr ? catalog::Names(allocator_->variable->name) : map_.names();
    return limits_for(*environment_.config, names, choice.plugin->manifest(), rest_);
  }

  Attempt render_with(std::span<const Choice> choices) {
    const Choice& choice = choices.front();
    if (has_worker(choice))
      return workers_->render(environment_, map_, choices, limits(choice), writer_, allocator_, left_out_);
    if (is_isolated(*choice.plugin, environment_.config->plugins))
      return not_called(choice, "there is no worker process for it");
    return render_here(environment_, map_, choices, limits(choice), writer_, allocator_);
  }

  void give_way(const Choice& choice, Attempt attempt) {
    has_given_way_ = true;
    const auto& outcome = attempt.outcome;
    if (!status_) status_ = outcome.status;
    const auto status = status_behind(outcome.status, report::Outcome{});
    say(choice, status, attempt.failure.empty() ? why_it_gave_up(outcome) : attempt.failure);
    if (attempt.shows) writer_.set_aside();
    if (attempt.shows && !aside_) aside_ = std::move(attempt);
  }

  /// What else limits left out of a map that another shows is nothing to be told.
  static std::string why_it_gave_up(const report::Outcome& outcome) {
    if (!outcome.error.empty() || outcome.limits.empty()) return outcome.error;
    return outcome.limits.front();
  }

  report::Outcome finish(Attempt attempt) {
    report::Outcome& outcome = attempt.outcome;
    if (!attempt.failure.empty())
      say(attempt.culprit != nullptr ? attempt.culprit->tag() : outcome.renderer, outcome.status,
          attempt.failure);
    if (status_) outcome.status = status_behind(*status_, outcome);
    const auto had = aside_ ? aside_->outcome.entry_count : std::nullopt;
    if (had > outcome.entry_count) say(fmt::format("it had found {} by then", counted(*had, "entry")));
    if (environment_.report != nullptr) environment_.report->charge(attempt.used);
    return with_what_was_said(std::move(outcome));
  }

  /// All have given up, and what the first of them has shown is better than nothing.
  report::Outcome finish_without() {
    if (!aside_) return with_what_was_said({status_.value_or(report::Status::skipped), "", std::nullopt, ""});
    writer_.bring_back();
    Attempt first = std::move(*aside_);
    aside_.reset();
    first.outcome.error.clear(), first.outcome.limits.clear(), first.outcome.notes.clear();
    first.failure.clear(); // all that has been said
    return finish(std::move(first));
  }

  report::Outcome with_what_was_said(report::Outcome outcome) {
    if (!outcome.error.empty()) say(outcome.error);
    outcome.error = std::move(error_);
    return outcome;
  }

  void say(const Choice& choice, report::Status status, const std::string& what) {
    say(choice.plugin->tag(), status, what);
  }
  void say(const std::string& tag, report::Status status, const std::string& what) {
    say(fmt::format("{} {}: {}", tag, report::status_name(status), what));
  }
  void say(const std::string& text) { error_ += (error_.empty() ? "" : "; ") + text; }

  const Environment& environment_;
  const catalog::Map& map_;
  report::DraftWriter& writer_;
  Workers* workers_;
  AllocatorCall* allocator_;
  ReportBudget::Rest rest_;
  LeftOut left_out_;     ///< each has failed, alone or in the process of another
  bool is_kept_ = false; ///< what is shown is written at once
  bool has_given_way_ = false;
  std::optional<report::Status> status_; ///< of the first that gave way
  std::optional<Attempt> aside_;         ///< the first that gave way and had shown something
  std::string error_;
};

} // namespace

namespace {

/// Of a machine that runs: nobody holds it any more, or its memory is another's by now.
bool went_away(const Environment& environment, const catalog::Map& map) {
  environment.target->source().begin_moment();
  const auto type = environment.kernel->find("struct bpf_map");
  if (!type) return false;
  auto reader = environment.target->reader();
  const auto number = [&](const char* path) -> std::optional<std::uint32_t> {
    const auto member = environment.kernel->member(*type, path);
    return member ? reader.get<std::uint32_t>(map.kva + member->offset()) : std::nullopt;
  };
  return number("id") != map.id || number("refcnt.counter") == 0U;
}

} // namespace

report::Outcome render(const Environment& environment, const catalog::Map& map,
                       std::span<const Choice> choices, report::DraftWriter& writer, Workers* workers,
                       AllocatorCall* allocator) {
  environment.target->source().begin_moment();
  auto outcome = Attempts(environment, map, writer, workers, allocator).run(choices);
  if (map.is_live && map.kva != 0 && outcome.status != report::Status::complete &&
      went_away(environment, map)) {
    outcome.status = report::Status::skipped;
    outcome.error = "the map went away while it was read; what is shown of it may be another's";
  }
  return outcome;
}

} // namespace mapscope::plugin
