// SPDX-License-Identifier: Apache-2.0
// The parts of the kernel beside its maps that plugins show (attach=kernel:NAME): rendered before the maps,
// put into the report as its extensions.
//
// Refuses: to find them; what is asked for is the caller's. Each text is kept until it is whole, as what is
// to be looked at first stands before it; budget.bytes bounds it. Thread rule: one thread.
#pragma once

#include "host/pipeline/request.hpp"
#include "host/plugin/render.hpp"
#include "host/report/writer.hpp"

#include <functional>
#include <string>
#include <vector>

namespace mapscope::pipeline {

class KernelTargets {
public:
  explicit KernelTargets(const plugin::Environment& environment) : environment_(environment) {}

  /// What there is to render, and whether it goes on changing; comes first.
  void choose(std::vector<plugin::KernelTarget> targets, bool is_live) {
    targets_ = std::move(targets), none_.is_live = is_live;
  }
  [[nodiscard]] const std::vector<plugin::KernelTarget>& targets() const { return targets_; }
  void write(const Request& request, report::ReportWriter& writer, report::Stream& to,
             plugin::Workers* workers);

  /// In the order of the report: the plugins' own, then how their work ended.
  [[nodiscard]] const std::vector<report::Finding>& findings() const { return findings_; }
  [[nodiscard]] const std::vector<report::PluginUse>& uses() const { return uses_; }
  /// Of a report in text: for its first page.
  [[nodiscard]] const std::vector<report::Digest>& digests() const { return digests_; }
  [[nodiscard]] bool all_complete() const { return all_complete_; }

private:
  struct Shown;
  using ShownBy = std::function<Shown(const std::string& name, const plugin::Choice& choice)>;
  static Shown first_that_stands(const plugin::KernelTarget& target, const ShownBy& shown_by);
  void put(const std::string& name, Shown shown, report::ReportWriter& writer, report::Stream& to);

  const plugin::Environment& environment_;
  std::vector<plugin::KernelTarget> targets_;
  catalog::Map none_{}; ///< what takes the place of a map
  std::vector<report::Finding> findings_;
  std::vector<report::PluginUse> uses_;
  std::vector<report::Digest> digests_;
  bool all_complete_ = true;
};

} // namespace mapscope::pipeline
