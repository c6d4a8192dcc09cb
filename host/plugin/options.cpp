// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/options.hpp"

#include "host/base/glob.hpp"
#include "host/base/nearest.hpp"
#include "host/plugin/registry.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

std::string as_text(const config::PluginOption& option) {
  if (const auto* flag = std::get_if<bool>(&option.value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&option.value)) return std::to_string(*number);
  return std::get<std::string>(option.value);
}

bool fits(const config::PluginOption& option, OptionType type) {
  if (type == OptionType::boolean) return std::holds_alternative<bool>(option.value);
  if (type != OptionType::u64) return std::holds_alternative<std::string>(option.value);
  const auto* number = std::get_if<std::int64_t>(&option.value);
  return number != nullptr && *number >= 0;
}

std::string_view type_name(OptionType type) {
  switch (type) {
  case OptionType::boolean:
    return "true or false";
  case OptionType::u64:
    return "a number from 0";
  case OptionType::string:
    return "a string";
  case OptionType::type:
    return "a type's name as a string";
  }
  return "";
}

std::string hint(const std::string& word) {
  return word.empty() ? "" : fmt::format("; did you mean {}?", word);
}

Result<void> check(const Manifest& manifest, const config::PluginOptions& options) {
  std::vector<std::string> names;
  for (const Option& option : manifest.options) names.push_back(option.name);
  for (const auto& [name, option] : options) {
    const auto known = std::ranges::find(manifest.options, name, &Option::name);
    if (known == manifest.options.end())
      return fail(Errc::usage, fmt::format("{}: {} has no option {}{}", option.origin, manifest.id, name,
                                           hint(nearest(name, names))));
    if (!fits(option, known->type))
      return fail(Errc::usage, fmt::format("{}: option {} of {} takes {}", option.origin, name, manifest.id,
                                           type_name(known->type)));
  }
  return {};
}

} // namespace

Result<void> Registry::check_options(const config::Config& config) const {
  std::vector<std::string> ids;
  std::map<std::string, const Manifest*> manifests;
  for (const Plugin& plugin : plugins_) {
    if (!plugin.verification.manifest || !manifests.emplace(plugin.manifest().id, &plugin.manifest()).second)
      continue;
    ids.push_back(plugin.manifest().id);
  }
  for (const auto& [id, options] : config.options) {
    const auto found = manifests.find(id);
    const std::string& origin = options.empty() ? id : options.begin()->second.origin;
    if (found == manifests.end())
      return fail(Errc::usage,
                  fmt::format("{}: there is no plugin {}{}", origin, id, hint(nearest(id, ids))));
    if (auto checked = check(*found->second, options); !checked) return checked;
  }
  for (const config::MapRule& rule : config.maps) {
    if (!rule.use) continue;
    const auto found = manifests.find(*rule.use);
    if (found == manifests.end())
      return fail(Errc::usage, fmt::format("{}: there is no plugin {}{}", rule.origin, *rule.use,
                                           hint(nearest(*rule.use, ids))));
    if (auto checked = check(*found->second, rule.options); !checked) return checked;
  }
  return {};
}

std::map<std::string, std::string> option_values(const Manifest& manifest, const catalog::Map& map,
                                                 const config::Config& config) {
  std::map<std::string, std::string> values;
  for (const Option& option : manifest.options) values[option.name] = option.fallback.value_or("");
  const auto take = [&](const config::PluginOptions& options) {
    for (const auto& [name, option] : options)
      if (values.contains(name)) values[name] = as_text(option);
  };
  if (const auto own = config.options.find(manifest.id); own != config.options.end()) take(own->second);
  for (auto rule = config.maps.rbegin(); rule != config.maps.rend();
       ++rule) // the highest in precedence comes last
    if (glob_match(rule->glob, map.name)) take(rule->options);
  return values;
}

} // namespace mapscope::plugin
