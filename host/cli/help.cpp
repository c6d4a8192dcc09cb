// SPDX-License-Identifier: Apache-2.0
#include "host/cli/help.hpp"

#include "host/config/config.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::cli {

namespace {

/// Marks a default that is looked up; no option's own default begins so.
constexpr std::string_view key_mark = "key:";

std::string built_in(const std::string& key) {
  const auto loaded = config::load({}, {});
  if (!loaded) return "";
  const auto setting = std::ranges::find(loaded->settings, key, &config::Setting::key);
  std::string value = setting != loaded->settings.end() ? setting->value : "";
  std::erase(value, '"'); // as a word of the command line and not of TOML
  return value;
}

} // namespace

std::string Help::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0) return ""; // a flag
  return (option->get_type_name().empty() ? "" : " " + option->get_type_name()) +
         (option->get_positional() && option->get_expected_max() > 1 ? " ..." : "") +
         (option->get_required() ? " REQUIRED" : "");
}

std::string Help::make_option_desc(const CLI::Option* option) const {
  const std::string& text = option->get_description();
  std::string value = option->get_default_str();
  if (value.empty()) return text;
  if (!value.starts_with(key_mark)) return fmt::format("{} (default: {})", text, value);
  const std::string key = value.substr(key_mark.size());
  return fmt::format("{} (default: {}, configuration key {})", text, built_in(key), key);
}

void stands_for(CLI::Option* option, const std::string& key) {
  option->default_str(std::string(key_mark) + key);
}

} // namespace mapscope::cli
