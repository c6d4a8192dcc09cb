// SPDX-License-Identifier: Apache-2.0
#include "host/config/config.hpp"

#include "host/base/nearest.hpp"
#include "host/config/defaults.hpp"
#include "host/config/schema.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <system_error>

namespace mapscope::config {

namespace {

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return fail(Errc::usage, path + ": is a directory; name a TOML file");
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(Errc::usage, fmt::format("{}: cannot open the configuration: {}", path,
                                         std::generic_category().message(errno)));
  // One that goes on for ever (/dev/zero) has no size; those that people write have a few KiB.
  constexpr std::size_t most = 1U << 20;
  std::string text(most + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > most)
    return fail(Errc::usage, path + ": has more than 1 MiB, which no configuration has; name a TOML file");
  return text;
}

/// toml++ throws; this is where that ends.
Result<toml::table> parse(const std::string& text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return fail(Errc::usage, fmt::format("{}:{}:{}: {}", name, at.line, at.column, error.description()));
  }
}

/// Takes one source after the other into the record and remembers who set what.
class Loader {
public:
  /// `lines` is false for --set, where a line number says nothing.
  Result<void> take(const toml::table& table, const std::string& name, bool lines) {
    name_ = name;
    lines_ = lines;
    rules_.clear();
    for (const auto& [key, node] : table) {
      auto taken = key == "map"      ? take_rules(node)
                   : key == "plugin" ? take_plugin_options(node)
                   : key == "types"  ? take_types(node)
                                     : take_section(std::string(key.str()), node);
      if (!taken) return taken;
    }
    put_rules_in_front();
    return {};
  }

  Loaded finish() {
    Loaded loaded{std::move(config_), {}};
    for (const Key& key : keys())
      loaded.settings.push_back({key.name, key.get(loaded.config), origins_[key.name]});
    for (const MapRule& rule : loaded.config.maps) list_rule(rule, loaded.settings);
    for (const auto& [id, options] : loaded.config.options)
      list_options(fmt::format("plugin.{}", quoted(id)), options, loaded.settings);
    return loaded;
  }

private:
  [[nodiscard]] Origin origin(const toml::node& node) const {
    return lines_ ? fmt::format("{}:{}", name_, node.source().begin.line) : name_;
  }

  std::unexpected<Error> unknown(const toml::node& node, const std::string& key,
                                 std::span<const std::string> known) const {
    const std::string near = nearest(key, known);
    return fail(Errc::usage, fmt::format("{}: there is no key {}{}", origin(node), key,
                                         near.empty() ? "; `mapscope config show` lists those there are"
                                                      : fmt::format("; did you mean {}?", near)));
  }
  std::unexpected<Error> wrong(const toml::node& node, const std::string& key,
                               const std::string& expected) const {
    return fail(Errc::usage, fmt::format("{}: {} takes {}", origin(node), key, expected));
  }

  /// What a file names lies beside it; what the command line names, where one stands.
  void find_types_from_here() {
    if (!lines_) return;
    const std::filesystem::path directory = std::filesystem::path(name_).parent_path();
    for (std::string& path : config_.types) path = (directory / path).lexically_normal().string();
  }

  Result<void> take_types(const toml::node& node) {
    const auto key = std::ranges::find(keys(), "types", &Key::name);
    if (auto expected = key->set(node, config_); !expected.empty()) return wrong(node, key->name, expected);
    origins_[key->name] = origin(node);
    find_types_from_here();
    return {};
  }

  Result<void> take_section(const std::string& section, const toml::node& node) {
    std::vector<std::string> names;
    for (const Key& key : keys()) names.push_back(key.name);
    const std::string prefix = section + ".";
    if (std::ranges::none_of(names, [&](const std::string& name) { return name.starts_with(prefix); })) {
      const std::vector<std::string> sections = {"plugins", "budget", "report", "map", "plugin", "types"};
      return unknown(node, section, sections);
    }
    const toml::table* table = node.as_table();
    if (table == nullptr) return wrong(node, section, fmt::format("keys of its own: [{}]", section));
    for (const auto& [name, value] : *table) {
      const std::string full = prefix + std::string(name.str());
      const auto key = std::ranges::find(keys(), full, &Key::name);
      if (key == keys().end()) return unknown(value, full, names);
      if (auto expected = key->set(value, config_); !expected.empty()) return wrong(value, full, expected);
      origins_[full] = origin(value);
    }
    return {};
  }

  Result<void> take_rules(const toml::node& node) {
    const toml::table* globs = node.as_table();
    if (globs == nullptr) return wrong(node, "map", "rules: [map.\"GLOB\"]");
    std::vector<std::string> order; // toml++ sorts keys; what a person wrote first comes first
    for (const auto& [glob, rule] : *globs) order.emplace_back(glob.str());
    std::ranges::stable_sort(order, {},
                             [&](const std::string& glob) { return globs->get(glob)->source().begin.line; });
    for (const std::string& glob : order) {
      const toml::table* table = globs->get(glob)->as_table();
      const std::string name = fmt::format("map.{}", quoted(glob));
      if (table == nullptr)
        return wrong(*globs->get(glob), name,
                     "keys of its own: use, limit, key_type, value_type, budget, config");
      if (auto taken = take_rule(glob, name, *table); !taken) return taken;
    }
    return {};
  }

  Result<void> take_rule(const std::string& glob, const std::string& name, const toml::table& table) {
    MapRule& rule = rule_for(glob, origin(table));
    for (const auto& [key, node] : table) {
      const std::string word(key.str());
      if (word == "config") {
        if (auto taken = take_options(node, name + ".config", rule.options); !taken) return taken;
      } else if (const toml::table* budget = word == "budget" ? node.as_table() : nullptr) {
        for (const auto& [inner, value] : *budget)
          if (auto taken = take_rule_key(name, "budget." + std::string(inner.str()), value, rule); !taken)
            return taken;
      } else if (auto taken = take_rule_key(name, word, node, rule); !taken) {
        return taken;
      }
    }
    return {};
  }

  Result<void> take_rule_key(const std::string& name, const std::string& key, const toml::node& node,
                             MapRule& rule) {
    const auto known = map_rule_keys();
    if (std::ranges::find(known, key) == known.end()) return unknown(node, key, known);
    if (auto expected = set_rule_key(key, node, rule); !expected.empty())
      return wrong(node, name + "." + key, expected);
    rule.origins[key] = rule.origin = origin(node);
    return {};
  }

  /// A later file's rule for the same glob goes on from the earlier one, and moves in front.
  MapRule& rule_for(const std::string& glob, Origin origin) {
    const auto earlier = std::ranges::find(config_.maps, glob, &MapRule::glob);
    if (earlier != config_.maps.end()) {
      rules_.push_back(std::move(*earlier));
      config_.maps.erase(earlier);
    } else {
      rules_.emplace_back().glob = glob;
    }
    rules_.back().origin = std::move(origin);
    return rules_.back();
  }

  void put_rules_in_front() {
    config_.maps.insert(config_.maps.begin(), std::make_move_iterator(rules_.begin()),
                        std::make_move_iterator(rules_.end()));
    rules_.clear();
  }

  Result<void> take_plugin_options(const toml::node& node) {
    const toml::table* ids = node.as_table();
    if (ids == nullptr) return wrong(node, "plugin", "options: [plugin.\"ID\"]");
    for (const auto& [id, options] : *ids)
      if (auto taken = take_options(options, "plugin." + std::string(id.str()),
                                    config_.options[std::string(id.str())]);
          !taken)
        return taken;
    return {};
  }

  Result<void> take_options(const toml::node& node, const std::string& name, PluginOptions& into) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return wrong(node, name, "options: name = value");
    for (const auto& [key, value] : *table) {
      PluginOption& option = into[std::string(key.str())];
      option.origin = origin(value);
      if (auto expected = set_option(value, option); !expected.empty())
        return wrong(value, name + "." + std::string(key.str()), expected);
    }
    return {};
  }

  static std::string option_text(const PluginOption& option) {
    if (const auto* flag = std::get_if<bool>(&option.value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&option.value)) return std::to_string(*number);
    return quoted(std::get<std::string>(option.value));
  }

  /// A key that TOML takes without quotes.
  static bool is_bare(const std::string& key) {
    return !key.empty() && std::ranges::all_of(key, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
             c == '-';
    });
  }

  static void list_options(const std::string& prefix, const PluginOptions& options,
                           std::vector<Setting>& into) {
    for (const auto& [name, option] : options)
      into.push_back({fmt::format("{}.{}", prefix, is_bare(name) ? name : quoted(name)), option_text(option),
                      option.origin});
  }

  static void list_rule(const MapRule& rule, std::vector<Setting>& into) {
    const std::string prefix = fmt::format("map.{}", quoted(rule.glob));
    const auto add = [&](const char* key, std::string value) {
      into.push_back({fmt::format("{}.{}", prefix, key), std::move(value), rule.origin_of(key)});
    };
    if (rule.use) add("use", quoted(*rule.use));
    if (rule.limit) add("limit", std::to_string(*rule.limit));
    if (rule.key_type) add("key_type", quoted(*rule.key_type));
    if (rule.value_type) add("value_type", quoted(*rule.value_type));
    if (rule.budget.ms) add("budget.ms", std::to_string(*rule.budget.ms));
    if (rule.budget.entries) add("budget.entries", std::to_string(*rule.budget.entries));
    if (rule.budget.read_bytes) add("budget.read_bytes", std::to_string(*rule.budget.read_bytes));
    if (rule.budget.emit_bytes) add("budget.bytes", std::to_string(*rule.budget.emit_bytes));
    list_options(prefix + ".config", rule.options, into);
  }

  Config config_;
  std::map<std::string, Origin> origins_;
  std::vector<MapRule> rules_; ///< of the source being taken
  std::string name_;
  bool lines_ = true;
};

/// KEY=VALUE as a line of TOML; a VALUE that is no TOML is a string.
Result<toml::table> parse_set(const std::string& set) {
  bool quoted_part = false;
  std::size_t equal = 0;
  while (equal < set.size() && (quoted_part || set[equal] != '=')) quoted_part ^= set[equal++] == '"';
  if (equal == set.size() || equal == 0 || set.find('\n') != set.npos)
    return fail(Errc::usage, fmt::format("--set {}: expected KEY=VALUE, such as report.limit=0", set));
  const std::string key = set.substr(0, equal), value = set.substr(equal + 1);
  if (auto table = parse(key + " = " + value, "--set")) return table;
  auto table = parse(key + " = " + quoted(value), "--set");
  if (!table)
    return fail(
        Errc::usage,
        fmt::format("--set {}: {} is no key; quote parts with other characters: map.\"a*\".limit", set, key));
  return table;
}

} // namespace

Result<Loaded> load(std::span<const std::string> files, std::span<const std::string> sets) {
  Loader loader;
  const auto defaults = parse(std::string(default_toml), "default");
  if (!defaults) return std::unexpected(defaults.error());
  if (auto taken = loader.take(*defaults, "default", false); !taken) return std::unexpected(taken.error());
  for (const std::string& file : files) {
    const auto text = read_file(file);
    if (!text) return std::unexpected(text.error());
    const auto table = parse(*text, file);
    if (!table) return std::unexpected(table.error());
    if (auto taken = loader.take(*table, file, true); !taken) return std::unexpected(taken.error());
  }
  for (const std::string& set : sets) {
    const auto table = parse_set(set);
    if (!table) return std::unexpected(table.error());
    if (auto taken = loader.take(*table, "--set " + set, false); !taken)
      return std::unexpected(taken.error());
  }
  return loader.finish();
}

} // namespace mapscope::config
