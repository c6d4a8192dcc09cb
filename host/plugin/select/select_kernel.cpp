// SPDX-License-Identifier: Apache-2.0
// Which plugin shows a part of the kernel: priority, then a person's preference, and never directory order.
#include "host/plugin/select/needs.hpp"
#include "host/plugin/select/registry.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <tuple>

namespace mapscope::plugin {

namespace {

struct Candidate {
  const Plugin* plugin = nullptr;
  std::uint32_t attach = 0;
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
    by_name[line->patterns.front()].push_back({&plugin, static_cast<std::uint32_t>(line - attaches.begin()),
                                               line->priority, static_cast<std::size_t>(place)});
  }
  return by_name;
}

std::string tie_text(const std::string& name, std::span<const Candidate> tied) {
  std::vector<std::string> tags;
  for (const Candidate& candidate : tied) tags.push_back(candidate.plugin->tag());
  return fmt::format("{} claim kernel:{} with prio {}; settle it with prefer = [\"{}\"] in [plugins]",
                     fmt::join(tags, " and "), name, tied.front().priority,
                     tied.front().plugin->manifest().id);
}

/// Up to the first tie: what comes after it has no order that anybody decided.
Selection select_one(const std::string& name, Candidates& all) {
  Selection selection;
  std::ranges::stable_sort(all, {}, &Candidate::rank);
  for (auto group = all.begin(); group != all.end(); ++group) {
    const auto end =
        std::find_if(group, all.end(), [&](const Candidate& other) { return other.rank() != group->rank(); });
    if (end - group > 1) {
      selection.tie = selection.choices.empty();
      if (selection.tie) selection.reason = tie_text(name, {group, end});
      break;
    }
    selection.choices.push_back(
        {group->plugin, group->attach, fmt::format("kernel:{} prio {}", name, group->priority)});
  }
  return selection;
}

} // namespace

std::vector<KernelTarget> Registry::kernel_targets(const btf::Types& kernel,
                                                   const config::Config& config) const {
  std::vector<KernelTarget> targets;
  for (auto& [name, all] : candidates(plugins_, kernel, config.plugins.prefer))
    targets.push_back({name, select_one(name, all)});
  return targets;
}

} // namespace mapscope::plugin
