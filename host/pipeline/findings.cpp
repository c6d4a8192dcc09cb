// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/findings.hpp"

#include "host/pipeline/allocations.hpp"
#include "host/pipeline/kernel_targets.hpp"

#include "host/pipeline/gaps.hpp"
#include "host/pipeline/selections.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace mapscope::pipeline {

namespace {

using Findings = std::vector<report::Finding>;

void add_warnings(const std::vector<std::string>& texts, Findings& to) {
  for (const std::string& text : texts) to.push_back({"warning", std::nullopt, text});
}

void add_of_allocators(const Allocations& allocations, Findings& to) {
  std::ranges::copy(allocations.all().findings, std::back_inserter(to));
  for (const report::Allocation* allocation : allocations.listed())
    if (auto found = report::finding_of(*allocation)) to.push_back(std::move(*found));
}

void add_of_maps(const ShownMaps& maps, Findings& to) {
  for (const auto& [map, selection, outcome, seen] : maps) {
    std::ranges::copy(outcome.findings, std::back_inserter(to));
    std::ranges::move(report::findings_of(*map, outcome, seen), std::back_inserter(to));
  }
}

/// The map, or an allocator in it.
bool is_shown(std::uint32_t id, const ShownMaps& maps, const Allocations& allocations) {
  return std::ranges::any_of(maps, [&](const ShownMap& shown) { return shown.map->id == id; }) ||
         std::ranges::any_of(allocations.listed(),
                             [&](const auto* listed) { return listed->section->id == id; });
}

} // namespace

Findings findings_of(const Session& session, const KernelTargets& kernel, const Allocations& allocations,
                     const ShownMaps& maps, const std::string& narrowed_by) {
  Findings all = kernel.findings();
  add_warnings(session.warnings, all);
  add_warnings(session.source->troubles(), all);
  add_warnings(gaps_about(session.catalog, maps, narrowed_by), all);
  add_of_allocators(allocations, all);
  add_ties(maps, all);
  add_of_maps(maps, all);
  // All allocators are read, whichever maps are shown: any of them may explain a pointer.
  std::erase_if(all, [&](const report::Finding& finding) {
    return finding.map && !is_shown(*finding.map, maps, allocations);
  });
  return all;
}

void leave_out_whole_maps(const ShownMaps& maps, Findings& findings) {
  std::erase_if(findings, [&](const report::Finding& finding) {
    if (!finding.map || finding.severity == "error") return false;
    const auto shown = std::ranges::find(maps, *finding.map, [](const ShownMap& one) { return one.map->id; });
    if (shown == maps.end()) return false;
    return shown->outcome.status == report::Status::complete ||
           shown->outcome.status == report::Status::truncated;
  });
}

} // namespace mapscope::pipeline
