// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/plugin_uses.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace mapscope::pipeline {

namespace {

report::PluginUse no_maps_of(const plugin::Plugin& plugin) {
  const auto& manifest = plugin.manifest();
  return {manifest.id, manifest.version, 0};
}

/// Not always the first that was chosen; null where nobody has shown it.
const plugin::Plugin* renderer_of(const ShownMap& shown) {
  const auto& choices = shown.selection.choices;
  const auto used = std::ranges::find_if(
      choices, [&](const plugin::Choice& choice) { return choice.plugin->tag() == shown.outcome.renderer; });
  return used != choices.end() ? used->plugin : nullptr;
}

} // namespace

std::vector<report::PluginUse> plugin_uses(const ShownMaps& maps,
                                           std::span<const report::PluginUse> for_kernel,
                                           std::span<const plugin::Plugin* const> for_slots) {
  std::map<std::string, report::PluginUse> uses; // by tag
  for (const auto& use : for_kernel) uses.emplace(use.id + "@" + use.version, use);
  for (const ShownMap& shown : maps)
    if (const plugin::Plugin* plugin = renderer_of(shown))
      ++uses.try_emplace(plugin->tag(), no_maps_of(*plugin)).first->second.maps;
  for (const plugin::Plugin* plugin : for_slots) uses.try_emplace(plugin->tag(), no_maps_of(*plugin));
  std::vector<report::PluginUse> list;
  list.reserve(uses.size());
  for (auto& [tag, use] : uses) list.push_back(std::move(use));
  return list;
}

} // namespace mapscope::pipeline
