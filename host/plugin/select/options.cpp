// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/select/options.hpp"

#include "host/base/nearest.hpp"
#include "host/plugin/select/registry.hpp"

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

std::vector<std::string> option_names(const Manifest& manifest) {
  std::vector<std::string> names;
  names.reserve(manifest.options.size());
  for (const Option& option : manifest.options) names.push_back(option.name);
  return names;
}

Result<void> check(const Manifest& manifest, const config::PluginOptions& options) {
  for (const auto& [name, option] : options) {
    const auto known = std::ranges::find(manifest.options, name, &Option::name);
    if (known == manifest.options.end())
      return fail(Errc::usage, fmt::format("{}: {} has no option {}{}", option.origin, manifest.id, name,
                                           hint(nearest(name, option_names(manifest)))));
    if (!fits(option, known->type))
      return fail(Errc::usage, fmt::format("{}: option {} of {} takes {}", option.origin, name, manifest.id,
                                           type_name(known->type)));
  }
  return {};
}

/// Everything that could be read, refused or not: options of a plugin that is denied today are no mistake.
class Manifests {
public:
  explicit Manifests(const std::vector<Plugin>& plugins) {
    for (const Plugin& plugin : plugins)
      if (plugin.verification.manifest && by_id_.emplace(plugin.manifest().id, &plugin.manifest()).second)
        ids_.push_back(plugin.manifest().id);
  }

  [[nodiscard]] Result<void> check_for(const std::string& id, const config::PluginOptions& options,
                                       const std::string& origin) const {
    if (const auto found = by_id_.find(id); found != by_id_.end()) return check(*found->second, options);
    return fail(Errc::usage,
                fmt::format("{}: no plugin has the id {}{}", origin, id, hint(nearest(id, ids_))));
  }

  /// Options of a rule without use= go to whichever plugin renders the map.
  [[nodiscard]] Result<void> check_for_any(const config::PluginOptions& options) const {
    for (const auto& [name, option] : options) {
      std::vector<std::string> names;
      for (const auto& entry : by_id_)
        std::ranges::copy(option_names(*entry.second), std::back_inserter(names));
      if (std::ranges::find(names, name) == names.end())
        return fail(Errc::usage, fmt::format("{}: no plugin has an option {}{}", option.origin, name,
                                             hint(nearest(name, names))));
    }
    return {};
  }

private:
  std::map<std::string, const Manifest*> by_id_;
  std::vector<std::string> ids_;
};

} // namespace

Result<void> Registry::check_options(const config::Config& config) const {
  const Manifests manifests(plugins_);
  for (const auto& [id, options] : config.options) {
    const std::string origin =
        options.empty() ? fmt::format("[plugin.\"{}\"]", id) : options.begin()->second.origin;
    if (auto checked = manifests.check_for(id, options, origin); !checked) return checked;
  }
  for (const config::MapRule& rule : config.maps) {
    auto checked = rule.use ? manifests.check_for(*rule.use, rule.options, rule.origin_of("use"))
                            : manifests.check_for_any(rule.options);
    if (!checked) return checked;
  }
  return {};
}

Result<void> check_options_of(const Manifest& manifest, const config::Config& config) {
  const auto own = config.options.find(manifest.id);
  if (own != config.options.end())
    if (auto checked = check(manifest, own->second); !checked) return checked;
  for (const config::MapRule& rule : config.maps)
    if (rule.use == manifest.id)
      if (auto checked = check(manifest, rule.options); !checked) return checked;
  return {};
}

std::map<std::string, std::string> option_values(const Manifest& manifest, const catalog::Names& map,
                                                 const config::Config& config) {
  std::map<std::string, std::string> values;
  for (const Option& option : manifest.options) values[option.name] = option.fallback.value_or("");
  const auto take = [&](const config::PluginOptions& options) {
    for (const auto& [name, option] : options)
      if (values.contains(name)) values[name] = as_text(option);
  };
  if (const auto own = config.options.find(manifest.id); own != config.options.end()) take(own->second);
  for (auto rule = config.maps.rbegin(); rule != config.maps.rend(); ++rule) { // the first in precedence last
    const bool for_another = rule->use && *rule->use != manifest.id;
    if (!for_another && map.fit(rule->glob)) take(rule->options);
  }
  return values;
}

} // namespace mapscope::plugin
