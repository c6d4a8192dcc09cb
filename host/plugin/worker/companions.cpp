// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/companions.hpp"

#include <algorithm>
#include <set>

namespace mapscope::plugin {

namespace {

/// elements() came with interface 1.1.
bool may_ask(const Plugin& plugin) {
  return plugin.manifest().abi_minor >= 1 || plugin.manifest().abi_major > 1;
}

bool is_for_maps(const Plugin& plugin) {
  return std::ranges::any_of(plugin.manifest().attaches, [](const Attach& attach) {
    return attach.kind != AttachKind::allocator && attach.kind != AttachKind::kernel;
  });
}

using Sets = std::map<const Plugin*, std::set<const Plugin*>>;

/// Whoever stands behind a plugin may have to find its elements.
void add_behind(const Selection& selection, const config::Plugins& settings, Sets& sets) {
  const auto& choices = selection.choices;
  for (auto one = choices.begin(); one != choices.end(); ++one) {
    if (!is_isolated(*one->plugin, settings) || !may_ask(*one->plugin)) continue;
    auto& set = sets[one->plugin];
    for (const Choice& other : std::span(one + 1, choices.end()))
      if (other.plugin != one->plugin && is_isolated(*other.plugin, settings)) set.insert(other.plugin);
  }
}

} // namespace

bool is_isolated(const Plugin& plugin, const config::Plugins& settings) {
  return settings.isolate == "all" || (settings.isolate == "out-of-tree" && !plugin.built_in);
}

Companions companions_of(std::span<const Plugin> plugins, std::span<const Selection> selections,
                         const config::Plugins& settings) {
  Sets sets;
  for (const Selection& selection : selections) add_behind(selection, settings, sets);
  Companions companions;
  for (const Plugin& plugin : plugins) {
    if (!plugin.usable() || !plugin.built_in || !is_for_maps(plugin) || sets.empty()) continue;
    if (!is_isolated(plugin, settings)) companions.trusted.push_back(&plugin);
    for (auto& [asker, set] : sets)
      if (is_isolated(plugin, settings) && asker != &plugin) set.insert(&plugin);
  }
  for (const auto& [asker, set] : sets) companions.of_plugin[asker] = {set.begin(), set.end()};
  return companions;
}

} // namespace mapscope::plugin
