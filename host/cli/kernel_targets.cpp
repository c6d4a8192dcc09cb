// SPDX-License-Identifier: Apache-2.0
#include "host/cli/kernel_targets.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace mapscope::cli {

namespace {

class Kept final : public report::Stream {
public:
  void append(std::string_view more) override { text += more; }
  std::string text;
};

/// What a person must know who finds less than there might be.
std::optional<report::Finding> trouble(const std::string& name, const report::Outcome& outcome) {
  if (outcome.status == report::Status::complete) return std::nullopt;
  const bool gives_up = outcome.status == report::Status::failed ||
                        outcome.status == report::Status::crashed ||
                        outcome.status == report::Status::unreadable;
  return report::Finding{gives_up ? "error" : "warning", std::nullopt,
                         fmt::format("{} is {}: {}", name, report::status_name(outcome.status),
                                     outcome.error.empty() ? "no more is known" : outcome.error)};
}

} // namespace

void KernelTargets::write(report::Format format, const report::Options& options, report::ReportWriter& writer,
                          report::Stream& to, plugin::Workers* workers) {
  for (const auto& target : targets_) {
    if (target.selection.tie) {
      spdlog::warn("{}", target.selection.reason);
      findings_.push_back(
          {"warning", std::nullopt, target.name + " is not shown: " + target.selection.reason});
      continue;
    }
    show(target, format, options, writer, to, workers);
  }
}

void KernelTargets::show(const plugin::KernelTarget& target, report::Format format,
                         const report::Options& options, report::ReportWriter& writer, report::Stream& to,
                         plugin::Workers* workers) {
  const auto& choice = target.selection.choices.front();
  const auto& manifest = choice.plugin->manifest();
  Kept kept;
  const auto out = report::make_extension_writer(
      format, options, fmt::format("{}, by {}", target.name, choice.plugin->tag()), kept);
  out->begin(none_);
  const auto outcome = plugin::render(environment_, none_, target.selection.choices, *out, workers);
  out->end(outcome);
  auto findings = outcome.findings;
  if (auto found = trouble(target.name, outcome)) findings.push_back(std::move(*found));
  writer.before_extension(manifest.id, findings);
  to.append(kept.text);
  uses_.push_back({manifest.id, manifest.version, 0});
  std::ranges::move(findings, std::back_inserter(findings_));
  all_complete_ = all_complete_ && outcome.status == report::Status::complete;
}

} // namespace mapscope::cli
