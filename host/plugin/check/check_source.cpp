// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/check_source.hpp"

#include "host/plugin/check/source_runs.hpp"

#include "host/base/counted.hpp"
#include "host/plugin/check/source_lines.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

using Verdict = RuleResult::Verdict;
using report::Status;
using Say = std::function<void(const RuleResult&)>;

constexpr std::uint64_t some = 3; ///< entries, of the run that shows not all

/// What one rule found, until all targets have been looked at.
class Findings {
public:
  explicit Findings(std::string rule) : rule_(std::move(rule)) {}

  void fail(const SourceTarget& target, const std::string& what) { add(Verdict::fail, target, what); }
  void warn(const SourceTarget& target, const std::string& what) { add(Verdict::warning, target, what); }
  void looked() { ++looked_; }
  [[nodiscard]] bool kept() const { return failed_ == 0; }
  [[nodiscard]] std::size_t count() const { return looked_; }

  /// `pass`: where nothing was found.
  void tell(const Say& say, const std::string& pass) const {
    for (const RuleResult& result : told_) say(result);
    const std::size_t all = failed_ + warned_;
    if (all > told_.size())
      say({rule_, failed_ != 0 ? Verdict::fail : Verdict::warning,
           fmt::format("and the same or something else on {} more", all - told_.size())});
    if (all == 0) say({rule_, Verdict::pass, pass});
  }

private:
  static constexpr std::size_t most_told = 24;

  /// Failures are not hidden by warnings before them.
  void add(Verdict verdict, const SourceTarget& target, const std::string& what) {
    const bool fails = verdict == Verdict::fail;
    if ((fails ? failed_ : warned_)++ < most_told)
      told_.push_back({rule_, verdict, fmt::format("{}: {}", target.name, printable(what, 512))});
  }

  std::string rule_;
  std::vector<RuleResult> told_;
  std::size_t looked_ = 0, failed_ = 0, warned_ = 0;
};

class SourceCheck {
public:
  SourceCheck(const EnvironmentOf& environment_of, const config::Config& config, const SourceTargets& targets)
      : targets_(targets), whole_(environment_of, config, targets, SourceRuns::all),
        limited_(environment_of, config, targets, some) {}

  Result<void> start() {
    if (auto started = whole_.start(); !started) return started;
    return limited_.start();
  }

  void run() {
    for (std::size_t i = 0; i < targets_.all().size(); ++i) {
      if (hung_ == most_hung) {
        ++not_run_;
        results_.push_back({});
        continue;
      }
      results_.push_back(look_at(i, targets_.all()[i]));
    }
  }

  /// True when all were kept.
  bool tell(const Say& say) const {
    ends_.tell(say, fmt::format("in a worker process it comes to its end on all that it would get: {}",
                                counted(ends_.count(), "target")));
    if (not_run_ != 0)
      say({"P13", Verdict::warning,
           fmt::format("not run on {} more: it does not end in time on {}", not_run_, hung_)});
    if (same_.count() != 0)
      same_.tell(say, fmt::format("two runs give the same: {}", counted(same_.count(), "target")));
    if (cut_.count() != 0)
      cut_.tell(say, fmt::format("with --limit {} it gives the same up to there, and the same numbers: {}",
                                 some, counted(cut_.count(), "target")));
    if (loses_.count() != 0)
      loses_.tell(say, fmt::format("nothing of what is shown without it is lost: {}",
                                   counted(loses_.count(), "map")));
    return ends_.kept() && same_.kept() && cut_.kept() && loses_.kept();
  }

  [[nodiscard]] const std::vector<TargetResult>& results() const { return results_; }

private:
  static constexpr unsigned most_hung = 3; ///< each costs all the time that a map has

  TargetResult look_at(std::size_t index, const SourceTarget& target) {
    const RenderRecord first = whole_.render(index);
    ends_.looked();
    hung_ += first.outcome.status == Status::timed_out ? 1 : 0;
    if (!first.has_ended()) {
      ends_.fail(target, first.end_words());
      return {TargetResult::End::failed, first.outcome.entry_count.value_or(0)};
    }
    const bool is_whole = first.outcome.status == Status::complete;
    if (!is_whole) ends_.warn(target, first.end_words());
    look_again(index, target, first);
    if (!target.variable && target.is_map()) look_at_limited(index, target, first);
    if (target.choices.front().is_decoder() && target.choices.size() > 1) look_behind(index, target, first);
    return {is_whole ? TargetResult::End::complete : TargetResult::End::in_part,
            first.outcome.entry_count.value_or(0)};
  }

  void look_again(std::size_t index, const SourceTarget& target, const RenderRecord& first) {
    same_.looked();
    if (const std::string differs = difference(first, whole_.render(index)); !differs.empty())
      same_.fail(target, "two runs differ: " + differs);
  }

  void look_at_limited(std::size_t index, const SourceTarget& target, const RenderRecord& first) {
    cut_.looked();
    const RenderRecord limited = limited_.render(index);
    if (const std::string problem = problem_of_limited(first, limited); !problem.empty())
      cut_.fail(target, fmt::format("with --limit {}: {}", some, problem));
  }

  static std::string problem_of_limited(const RenderRecord& first, const RenderRecord& limited) {
    if (!limited.has_ended()) return limited.end_words();
    if (const std::string differs = difference_of_rows(first, limited); !differs.empty()) return differs;
    if (limited.rows != std::min(first.rows, some))
      return fmt::format("it shows {} of the {} that it shows without", limited.rows,
                         counted(first.rows, "entry"));
    const auto number = [](const RenderRecord& record) { return record.outcome.entry_count.value_or(0); };
    if (number(first) == number(limited)) return "";
    return fmt::format("it counts {}, and {} without", counted(number(limited), "entry"), number(first));
  }

  /// What the plugin behind fails to show, this one cannot lose.
  void look_behind(std::size_t index, const SourceTarget& target, const RenderRecord& with) {
    const RenderRecord without = whole_.render(index, 1);
    if (!without.has_ended()) return;
    loses_.looked();
    const std::string renderer = target.choices[1].plugin->tag();
    const auto &count = with.outcome.entry_count, &all = without.outcome.entry_count;
    if (count != all)
      return loses_.fail(target, fmt::format("{} shows {} alone, and {} with it", renderer,
                                             counted(all.value_or(0), "entry"), count.value_or(0)));
    const std::uint64_t left_out = count.value_or(0) - std::min(count.value_or(0), with.rows);
    if (const std::string lost = first_lost(without, with, left_out); !lost.empty())
      return loses_.fail(target, fmt::format("what {} shows alone is lost: \"{}\"", renderer, lost));
    if (without.outcome.status == Status::complete && with.outcome.status == Status::unreadable)
      loses_.fail(target, fmt::format("{} shows all of it alone", renderer));
  }

  const SourceTargets& targets_;
  SourceRuns whole_, limited_;
  std::vector<TargetResult> results_;
  Findings ends_{"P13"}, same_{"P14"}, cut_{"P15"}, loses_{"P16"};
  unsigned hung_ = 0;
  std::size_t not_run_ = 0;
};

} // namespace

bool check_on_source(const Plugin& plugin, const EnvironmentOf& environment_of, const config::Config& config,
                     const Say& say) {
  const Environment environment = environment_of(config);
  const SourceTargets targets(environment, plugin);
  if (targets.all().empty()) {
    say({"P13", Verdict::warning, words_for_nothing(plugin, targets, environment)});
    return true;
  }
  SourceCheck check(environment_of, config, targets);
  if (auto started = check.start(); !started) return say({"P13", Verdict::fail, started.error().text}), false;
  check.run();
  const bool kept = check.tell(say);
  for (const RuleResult& line : words_for_lines(plugin, targets, environment, check.results())) say(line);
  return kept;
}

} // namespace mapscope::plugin
