// SPDX-License-Identifier: Apache-2.0
// Which plugin shows a part of the kernel: priority, then a person's preference, and never directory order.
#include "host/plugin/select/needs.hpp"
#include "host/plugin/select/ranking.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

namespace mapscope::plugin {

namespace {

struct Candidate {
  Choice choice;
  int priority = 0;
  std::size_t preference = 0; ///< place in [plugins] prefer, its length when not named there
  [[nodiscard]] auto rank() const { return std::tuple(-std::int64_t{priority}, preference); }
};
using Candidates = std::vector<Candidate>;

std::map<std::string, Candidates> candidates(const std::vector<Plugin>& plugins, const btf::Types& kernel,
                                             const std::vector<std::string>& prefer) {
  std::map<std::string, Candidates> by_name;
  for (const Plugin& plugin : plugins) {
    if (!plugin.usable()) continue;
    const auto& attaches = plugin.manifest().attaches;
    const auto line = std::ranges::find(attaches, AttachKind::kernel, &Attach::kind);
    if (line == attaches.end() || !missing_need(plugin.manifest(), kernel, nullptr).empty()) continue;
    const auto place = std::ranges::find(prefer, plugin.manifest().id) - prefer.begin();
    const std::string& name = line->patterns.front();
    by_name[name].push_back({{&plugin, static_cast<std::uint32_t>(line - attaches.begin()),
                              fmt::format("kernel:{} prio {}", name, line->priority)},
                             line->priority,
                             static_cast<std::size_t>(place)});
  }
  return by_name;
}

Selection select_one(Candidates all) {
  auto [choices, tied] = ranked(std::move(all));
  Selection selection{std::move(choices), "", tied.has_value()};
  if (tied)
    selection.reason = fmt::format("{} claim {}; settle it with prefer = [\"{}\"] in [plugins]", tied->tags,
                                   tied->why, tied->preferred);
  return selection;
}

} // namespace

std::vector<KernelTarget> Registry::kernel_targets(const btf::Types& kernel,
                                                   const config::Config& config) const {
  std::vector<KernelTarget> targets;
  for (auto& [name, all] : candidates(plugins_, kernel, config.plugins.prefer))
    targets.push_back({name, select_one(std::move(all))});
  return targets;
}

} // namespace mapscope::plugin
