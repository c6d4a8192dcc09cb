// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/kernel_targets.hpp"

#include "host/plugin/call/attempt.hpp"
#include "host/report/digest.hpp"
#include "host/report/draft.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <span>
#include <spdlog/spdlog.h>

namespace mapscope::pipeline {

namespace {

/// Where several have been tried; of a crash it has been said.
void say_whose(report::Outcome& outcome) {
  if (outcome.error.starts_with(outcome.renderer)) return;
  outcome.error = fmt::format("{} {}: {}", outcome.renderer,
                              report::status_name(plugin::status_behind(outcome.status, report::Outcome{})),
                              words_of(outcome));
  outcome.limits.clear(), outcome.notes.clear();
}

/// What it lacks is not a matter of memory or a limit.
bool is_its_fault(const report::Outcome& outcome) {
  return outcome.status == report::Status::failed || outcome.status == report::Status::crashed ||
         outcome.status == report::Status::timed_out;
}

/// What a person must know who finds less than there might be.
std::optional<report::Finding> trouble(const std::string& name, const report::Outcome& outcome) {
  const bool is_only_limited = outcome.status == report::Status::truncated && outcome.error.empty();
  if (outcome.status == report::Status::complete || is_only_limited) return std::nullopt;
  const bool is_error = outcome.status == report::Status::failed ||
                        outcome.status == report::Status::crashed ||
                        outcome.status == report::Status::unreadable;
  return report::Finding{is_error ? "error" : "warning", std::nullopt,
                         fmt::format("{} is {}: {}", name, report::status_name(outcome.status),
                                     outcome.error.empty() ? "no more is known" : outcome.error)};
}

} // namespace

/// One plugin's work, kept until it is known whether it stands.
struct KernelTargets::Shown {
  class Kept final : public report::Stream {
  public:
    void append(std::string_view more) override { text += more; }
    std::string text;
  };

  const plugin::Choice* choice;
  std::unique_ptr<Kept> kept = std::make_unique<Kept>();
  std::unique_ptr<std::vector<std::string>> digest = std::make_unique<std::vector<std::string>>();
  std::unique_ptr<report::Draft> writer{};
  report::Outcome outcome{};
};

void KernelTargets::write(const Request& request, report::ReportWriter& writer, report::Stream& to,
                          plugin::Workers* workers) {
  const auto shown_by = [&](const std::string& name, const plugin::Choice& choice) {
    Shown shown{&choice};
    shown.writer = std::make_unique<report::Draft>(
        [&, title = fmt::format("{}, by {}", name, choice.plugin->tag()),
         digest = shown.digest.get()](report::Stream& text) {
          auto plain = report::make_extension_writer(request.format, request.writing, title, text);
          if (request.format == report::Format::text)
            plain = std::make_unique<report::DigestWriter>(std::move(plain), *digest);
          return request.around_kernel ? request.around_kernel(std::move(plain)) : std::move(plain);
        },
        *shown.kept);
    shown.writer->begin(none_);
    shown.outcome = plugin::render(environment_, none_, {&choice, 1}, *shown.writer, workers);
    if (request.tells) std::erase_if(shown.outcome.findings, std::not_fn(request.tells));
    return shown;
  };
  for (const auto& target : targets_) {
    if (target.selection.tie) {
      spdlog::warn("{}", target.selection.reason);
      const auto& choices = target.selection.choices;
      findings_.push_back(
          {"warning", std::nullopt,
           fmt::format("{} is {}: {}", target.name,
                       choices.empty() ? "not shown" : "shown by " + choices.front().plugin->tag(),
                       target.selection.reason)});
      if (choices.empty()) continue;
    }
    put(target.name, first_that_stands(target, shown_by), writer, to);
  }
}

/// Where all give up, the first. As with maps, what became of that one stays the status.
KernelTargets::Shown KernelTargets::first_that_stands(const plugin::KernelTarget& target,
                                                      const ShownBy& shown_by) {
  const std::span choices(target.selection.choices);
  Shown first = shown_by(target.name, choices.front());
  if (!first.outcome.gave_up) return first;
  if (choices.size() > 1 || is_its_fault(first.outcome)) say_whose(first.outcome);
  for (const plugin::Choice& choice : choices.subspan(1)) {
    Shown next = shown_by(target.name, choice);
    if (next.outcome.gave_up) say_whose(next.outcome);
    const std::string more = next.outcome.error.empty() ? "" : "; " + next.outcome.error;
    first.outcome.error += more;
    if (next.outcome.gave_up) continue;
    next.outcome.error = first.outcome.error;
    next.outcome.status = plugin::status_behind(first.outcome.status, next.outcome);
    return next;
  }
  return first;
}

void KernelTargets::put(const std::string& name, Shown shown, report::ReportWriter& writer,
                        report::Stream& to) {
  const report::Outcome& outcome = shown.outcome;
  shown.writer->end(outcome);
  auto findings = outcome.findings;
  if (auto found = trouble(name, outcome)) findings.push_back(std::move(*found));
  const auto& manifest = shown.choice->plugin->manifest();
  writer.before_extension(manifest.id, findings);
  to.append(shown.kept->text);
  uses_.push_back({manifest.id, manifest.version, 0});
  std::ranges::move(findings, std::back_inserter(findings_));
  if (!shown.digest->empty()) digests_.push_back({name, std::move(*shown.digest)});
  all_complete_ = all_complete_ && outcome.status == report::Status::complete;
}

} // namespace mapscope::pipeline
