// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/slips.hpp"

#include "host/base/glob.hpp"
#include "host/base/nearest.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::pipeline {

namespace {

constexpr std::size_t most_edits = 2;

/// What a person may have meant by a name that fits none of `names`, of which the last letters may be a *.
std::string meant_by(std::string_view wrong, std::vector<std::string> names) {
  const std::size_t wildcard = wrong.find_first_of("*?");
  if (wildcard < most_edits * 2 || (wildcard != wrong.npos && wildcard + 1 != wrong.size())) return "";
  const std::string_view letters = wrong.substr(0, wildcard);
  if (wildcard != wrong.npos)
    for (std::string& name : names) name.resize(std::min(name.size(), letters.size()));
  const std::string meant = nearest(letters, names, std::min(most_edits, letters.size() / 3));
  return meant.empty() || wildcard == wrong.npos ? meant : meant + std::string(wrong.substr(wildcard));
}

void tell(const std::string& where, const std::string& wrong, const char* what,
          const std::vector<std::string>& names) {
  const std::string meant = meant_by(wrong, names);
  if (meant.empty())
    spdlog::info("{}: no {} is called {}", where, what, wrong);
  else
    spdlog::warn("{}: no {} is called {}; did you mean {}?", where, what, wrong, meant);
}

} // namespace

void tell_slips(const config::Plugins& settings, const plugin::Registry& registry) {
  std::vector<std::string> ids;
  for (const auto& plugin : registry.plugins())
    if (plugin.verification.manifest) ids.push_back(plugin.manifest().id);
  const auto look_at = [&](const char* key, const std::vector<std::string>& globs) {
    for (const std::string& glob : globs)
      if (std::ranges::none_of(ids, [&](const std::string& id) { return glob_match(glob, id); }))
        tell(key, glob, "plugin", ids);
  };
  look_at("plugins.allow", settings.allow);
  look_at("plugins.deny", settings.deny);
  look_at("plugins.prefer", settings.prefer);
}

void tell_slips(const std::vector<config::MapRule>& rules, const catalog::Catalog& catalog,
                const plugin::Allocators& allocators) {
  std::vector<std::string> names;
  for (const auto& map : catalog.maps) names.emplace_back(map.names().longest());
  for (const auto& allocator : allocators.found) names.push_back(allocator.variable.name);
  const auto fits = [&](const std::string& glob) {
    return std::ranges::any_of(catalog.maps, [&](const auto& map) { return map.names().fit(glob); }) ||
           std::ranges::any_of(names, [&](const std::string& name) { return glob_match(glob, name); });
  };
  for (const config::MapRule& rule : rules)
    if (!fits(rule.glob)) tell(rule.origin + ": [map]", rule.glob, "map", names);
}

} // namespace mapscope::pipeline
