// SPDX-License-Identifier: Apache-2.0
#include "host/cli/help.hpp"

#include "host/config/config.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

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

/// Broken between words; CLI11 indents what follows a line's end.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string lines;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const bool is_first = used == 0;
    if (!is_first && used + 1 + end - at > width) lines += '\n', used = 0;
    if (used != 0) lines += ' ', ++used;
    lines.append(text, at, end - at);
    used += end - at;
    at = end + 1;
  }
  return lines;
}

/// Of an option, with what holds without it.
std::string description_of(const CLI::Option& option) {
  const std::string& text = option.get_description();
  std::string value = option.get_default_str();
  if (value.empty()) return text;
  if (!value.starts_with(key_mark)) return fmt::format("{} (default: {})", text, value);
  const std::string key = value.substr(key_mark.size());
  return fmt::format("{} (default: {}, configuration key {})", text, built_in(key), key);
}

constexpr std::size_t terminal = 80;

} // namespace

namespace {

/// Several words in one, with brackets where there are to be some.
bool tells_its_usage(const CLI::Option& option) { return option.get_name(true).starts_with('['); }

} // namespace

std::string Help::make_option_usage(const CLI::Option* option) const {
  return tells_its_usage(*option) ? option->get_name(true) : CLI::Formatter::make_option_usage(option);
}

/// Without the places of words that another's usage tells.
std::string Help::make_usage(const CLI::App* command, std::string name) const {
  constexpr std::string_view untold = " []";
  std::string text = CLI::Formatter::make_usage(command, std::move(name));
  for (auto at = text.find(untold); at != text.npos; at = text.find(untold, at))
    text.erase(at, untold.size());
  return text;
}

std::string Help::make_option_opts(const CLI::Option* option) const {
  if (tells_its_usage(*option)) return "";
  if (option->get_type_size() == 0) return "";                                      // a flag
  const std::string type = option->get_positional() ? "" : option->get_type_name(); // its name says it
  return (type.empty() ? "" : " " + type) +
         (option->get_positional() && option->get_expected_max() > 1 ? " ..." : "") +
         (option->get_required() ? " REQUIRED" : "");
}

std::string Help::make_option_desc(const CLI::Option* option) const {
  return wrapped(description_of(*option), terminal - get_column_width());
}

std::string Help::make_subcommand(const CLI::App* command) const {
  std::ostringstream out;
  CLI::detail::format_help(out, command->get_name(),
                           wrapped(command->get_description(), terminal - get_column_width()),
                           get_column_width());
  return out.str();
}

void stands_for(CLI::Option* option, const std::string& key) {
  option->default_str(std::string(key_mark) + key);
}

} // namespace mapscope::cli
