// SPDX-License-Identifier: Apache-2.0
#include "host/config/schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <initializer_list>
#include <limits>

namespace mapscope::config {

namespace {

constexpr std::uint64_t any = std::numeric_limits<std::int64_t>::max();

/// "64M" or a plain number; units are powers of 1024.
std::optional<std::uint64_t> size_of(const toml::node& node) {
  if (const auto number = node.value_exact<std::int64_t>())
    return *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
  const auto text = node.value_exact<std::string>();
  if (!text || text->empty()) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || end - rest > 1) return std::nullopt;
  constexpr std::string_view units = "KMGT";
  const std::size_t unit = rest == end ? 0 : units.find(*rest) + 1;
  if (rest != end && unit == 0) return std::nullopt; // npos + 1
  const unsigned shift = static_cast<unsigned>(unit) * 10;
  if (value > (any >> shift)) return std::nullopt; // shown as a number of TOML, which is signed
  return value << shift;
}

template <class T>
std::string set_count(const toml::node& node, T& to, std::uint64_t least, std::uint64_t most) {
  const auto number = node.value_exact<std::int64_t>();
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) < least ||
      static_cast<std::uint64_t>(*number) > most)
    return most == std::numeric_limits<std::int64_t>::max()
               ? fmt::format("a number from {}", least)
               : fmt::format("a number from {} to {}", least, most);
  to = static_cast<T>(*number);
  return "";
}

std::string set_type(const toml::node& node, std::optional<std::string>& to) {
  to = node.value_exact<std::string>();
  return to && !to->empty() ? "" : "a type's name as a string, such as \"struct flow\"";
}

std::string set_size(const toml::node& node, std::uint64_t& to) {
  const auto size = size_of(node);
  if (!size) return "a size such as 4096 or \"64M\", below 2^63";
  to = *size;
  return "";
}

template <class Part, class T>
Key count(std::string name, Part Config::* part, T Part::* member, std::uint64_t least, std::uint64_t most) {
  return {std::move(name),
          [=](const toml::node& node, Config& config) {
            return set_count(node, config.*part.*member, least, most);
          },
          [=](const Config& config) { return std::to_string(config.*part.*member); }};
}

/// [budget] report_*
Key report_count(std::string name, std::uint64_t Budget::Report::* member, std::uint64_t most) {
  return {std::move(name),
          [=](const toml::node& node, Config& config) {
            return set_count(node, config.budget.report.*member, 1, most);
          },
          [=](const Config& config) { return std::to_string(config.budget.report.*member); }};
}

Key report_size(std::string name, std::uint64_t Budget::Report::* member) {
  return {
      std::move(name),
      [=](const toml::node& node, Config& config) { return set_size(node, config.budget.report.*member); },
      [=](const Config& config) { return std::to_string(config.budget.report.*member); }};
}

template <class Part> Key size(std::string name, Part Config::* part, std::uint64_t Part::* member) {
  return {std::move(name),
          [=](const toml::node& node, Config& config) { return set_size(node, config.*part.*member); },
          [=](const Config& config) { return std::to_string(config.*part.*member); }};
}

template <class Part> Key word(std::string name, Part Config::* part, std::string Part::* member,
                               const std::vector<std::string>& words) {
  return {std::move(name),
          [=](const toml::node& node, Config& config) -> std::string {
            const auto text = node.value_exact<std::string>();
            if (!text || std::ranges::find(words, *text) == words.end())
              return fmt::format("one of \"{}\"", fmt::join(words, "\", \""));
            config.*part.*member = *text;
            return "";
          },
          [=](const Config& config) { return quoted(config.*part.*member); }};
}

std::string set_list(const toml::node& node, std::vector<std::string>& to) {
  const toml::array* array = node.as_array();
  std::vector<std::string> texts;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i)
    if (const auto text = (*array)[i].value_exact<std::string>()) texts.push_back(*text);
  if (array == nullptr || texts.size() != array->size()) return "a list of strings";
  to = std::move(texts);
  return "";
}

std::string list_text(const std::vector<std::string>& list) {
  std::vector<std::string> texts;
  texts.reserve(list.size());
  for (const auto& text : list) texts.push_back(quoted(text));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

Key list(std::string name, std::vector<std::string> Plugins::* member) {
  return {std::move(name),
          [=](const toml::node& node, Config& config) { return set_list(node, config.plugins.*member); },
          [=](const Config& config) { return list_text(config.plugins.*member); }};
}

/// A path that names nothing would be the directory itself.
std::string set_types(const toml::node& node, Config& config) {
  std::vector<std::string> paths;
  if (!set_list(node, paths).empty() || std::ranges::find(paths, "") != paths.end())
    return "a list of file names";
  config.types = std::move(paths);
  return "";
}

Key flag(std::string name, bool Plugins::* member) {
  return {std::move(name),
          [=](const toml::node& node, Config& config) -> std::string {
            const auto value = node.value_exact<bool>();
            if (!value) return "true or false";
            config.plugins.*member = *value;
            return "";
          },
          [=](const Config& config) { return config.plugins.*member ? "true" : "false"; }};
}

} // namespace

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04x}", byte);
    else
      out += c;
  }
  return out + '"';
}

std::span<const Key> keys() {
  static const std::vector<Key> all = {
      {"types", set_types, [](const Config& config) { return list_text(config.types); }},
      list("plugins.search", &Plugins::search),
      word("plugins.isolate", &Config::plugins, &Plugins::isolate, {"out-of-tree", "all", "none"}),
      list("plugins.allow", &Plugins::allow),
      list("plugins.deny", &Plugins::deny),
      list("plugins.prefer", &Plugins::prefer),
      list("plugins.libraries", &Plugins::libraries),
      flag("plugins.newest_wins", &Plugins::newest_wins),
      count("budget.ms", &Config::budget, &Budget::ms, 1, 86'400'000),
      count("budget.entries", &Config::budget, &Budget::entries, 1, any),
      size("budget.read_bytes", &Config::budget, &Budget::read_bytes),
      size("budget.bytes", &Config::budget, &Budget::emit_bytes),
      count("budget.nesting", &Config::budget, &Budget::nesting, 1, 16),
      size("budget.memory", &Config::budget, &Budget::memory),
      report_count("budget.report_ms", &Budget::Report::ms, 86'400'000),
      report_count("budget.report_entries", &Budget::Report::entries, any),
      report_size("budget.report_read_bytes", &Budget::Report::read_bytes),
      report_size("budget.report_bytes", &Budget::Report::emit_bytes),
      size("memory.resident", &Config::memory, &Memory::resident),
      count("report.limit", &Config::report, &Report::limit, 0, any),
      count("report.array_elements", &Config::report, &Report::array_elements, 0, UINT32_MAX),
      count("report.depth", &Config::report, &Report::depth, 1, Report::deepest),
      count("report.nodes", &Config::report, &Report::nodes, 1, any),
      count("report.inside", &Config::report, &Report::inside, 0, any),
      word("report.arena_bytes", &Config::report, &Report::arena_bytes, {"array", "hex", "none"}),
      word("report.big_numbers", &Config::report, &Report::big_numbers, {"number", "string"}),
      word("report.kernel_pointers", &Config::report, &Report::kernel_pointers, {"safe", "typed"}),
  };
  return all;
}

std::span<const std::string> map_rule_keys() {
  static const std::vector<std::string> names = {
      "use",       "limit",          "key_type",          "value_type",
      "budget.ms", "budget.entries", "budget.read_bytes", "budget.bytes"};
  return names;
}

std::string set_rule_key(const std::string& key, const toml::node& value, MapRule& rule) {
  if (key == "use") {
    rule.use = value.value_exact<std::string>();
    return rule.use ? "" : "a plugin's id as a string";
  }
  if (key == "limit") return set_count(value, rule.limit.emplace(), 0, any);
  if (key == "key_type") return set_type(value, rule.key_type);
  if (key == "value_type") return set_type(value, rule.value_type);
  if (key == "budget.ms") return set_count(value, rule.budget.ms.emplace(), 1, 86'400'000);
  if (key == "budget.entries") return set_count(value, rule.budget.entries.emplace(), 1, any);
  if (key == "budget.read_bytes") return set_size(value, rule.budget.read_bytes.emplace());
  return set_size(value, rule.budget.emit_bytes.emplace());
}

std::string set_option(const toml::node& value, PluginOption& option) {
  if (const auto flag = value.value_exact<bool>())
    option.value = *flag;
  else if (const auto number = value.value_exact<std::int64_t>())
    option.value = *number;
  else if (const auto text = value.value_exact<std::string>())
    option.value = *text;
  else
    return "true or false, a number, or a string";
  return "";
}

} // namespace mapscope::config
