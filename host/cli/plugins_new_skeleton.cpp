// SPDX-License-Identifier: Apache-2.0
#include "host/cli/plugins_new_skeleton.hpp"

#include "host/base/nearest.hpp"
#include "host/plugin/verify/attach_line.hpp"
#include "host/plugin/verify/manifest_rules.hpp"
#include "host/plugin/verify/manifest_words.hpp"
#include "host/plugin/verify/map_types.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::cli {

namespace {

constexpr std::size_t longest_name = 32;
/// Targets that CMake has for itself (policy CMP0037) and those of the template.
constexpr std::array<std::string_view, 10> taken_names = {
    "all",     "clean",          "edit_cache", "help",          "install",
    "package", "package_source", "preinstall", "rebuild_cache", "test"};

Result<void> check_name(const std::string& name) {
  const bool starts_well = !name.empty() && name[0] >= 'a' && name[0] <= 'z';
  if (!starts_well || name.size() > longest_name || !plugin::consists_of(name, "_"))
    return fail(
        Errc::usage,
        fmt::format("\"{}\" cannot be a plugin's name: 1 to {} lowercase letters, digits and _, the first a "
                    "letter, such as task_stats",
                    name, longest_name));
  if (std::ranges::find(taken_names, name) != taken_names.end())
    return fail(Errc::usage,
                fmt::format("{} is a target that CMake has for itself; choose another name", name));
  return {};
}

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_", globs = "*?";

std::string did_you_mean(const std::string& meant) {
  return meant.empty() ? "" : fmt::format("; did you mean {}?", meant);
}

constexpr std::array<std::string_view, 3> keywords = {"struct", "union", "enum"};

bool is_keyword(std::string_view word) {
  return word == "typedef" || std::ranges::find(keywords, word) != keywords.end();
}
bool is_of_numbers(std::string_view word) {
  constexpr std::array<std::string_view, 9> words = {"unsigned", "signed", "char",   "short", "int",
                                                     "long",     "float",  "double", "_Bool"};
  return std::ranges::find(words, word) != words.end();
}
bool is_word(std::string_view word) {
  const bool starts_well = !word.empty() && !(word[0] >= '0' && word[0] <= '9');
  return starts_well && !is_keyword(word) && plugin::consists_of(word, fmt::format("{}{}", letters, globs));
}

/// As C has it: one word, behind a keyword or not; several only of a type like "long unsigned int".
bool is_type_pattern(std::string_view type) {
  const auto words = plugin::split(type, ' ');
  if (words.size() == 1) return is_word(words[0]);
  if (words.size() == 2 && std::ranges::find(keywords, words[0]) != keywords.end()) return is_word(words[1]);
  return std::ranges::all_of(words, is_of_numbers);
}

Result<void> check_value_type(std::string_view type) {
  if (is_type_pattern(type)) return {};
  const auto blank = std::min(type.find(' '), type.size());
  const std::string rest(type.substr(blank));
  const std::string keyword =
      nearest(type.substr(0, blank), std::vector<std::string>(keywords.begin(), keywords.end()));
  const std::string meant = is_type_pattern(keyword + rest) ? '"' + keyword + rest + '"' : "";
  return fail(Errc::usage,
              fmt::format("--value-type: \"{}\" is no name of a type, such as \"struct task_ctx\" "
                          "or u64{}",
                          type, did_you_mean(meant)));
}

/// BPF_MAP_TYPE_HASH is called hash here.
Result<void> check_map_type(std::string_view type) {
  const bool is_glob = type.find_first_of(globs) != type.npos;
  if (is_glob ? !plugin::map_types_like(type).empty() : plugin::is_map_type(type)) return {};
  std::string word(type);
  std::ranges::transform(word, word.begin(),
                         [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  constexpr std::string_view prefix = "bpf_map_type_";
  if (word.starts_with(prefix)) word.erase(0, prefix.size());
  return fail(Errc::usage, fmt::format("--map-type: no map type is called \"{}\"{}", type,
                                       did_you_mean(plugin::nearest_map_type(word))));
}

/// What the kernel lets a map be called (bpf_obj_name_cpy() of kernel/bpf/syscall.c).
Result<void> check_map_name(std::string_view name) {
  if (plugin::consists_of(name, fmt::format("{}{}.", letters, globs))) return {};
  return fail(Errc::usage,
              fmt::format("--map-name: \"{}\" is no map's name: letters, digits, _ and ., with * and ? "
                          "for what may be anything",
                          name));
}

/// One of the attach line's conditions; several patterns are alternatives.
struct Condition {
  std::string_view kind;
  const std::string& patterns;
  Result<void> (*check)(std::string_view pattern);
};

Result<std::string> attach_line(const PluginsNewOptions& options, const std::string& map_name) {
  std::string line;
  for (const auto& [kind, patterns, check] : {Condition{"value-type", options.value_type, check_value_type},
                                              Condition{"map-type", options.map_type, check_map_type},
                                              Condition{"map-name", map_name, check_map_name}}) {
    if (patterns.empty()) continue;
    for (const std::string_view pattern : plugin::split(patterns, ','))
      if (auto checked = check(pattern); !checked) return std::unexpected(checked.error());
    line += fmt::format("{}{}:{}", line.empty() ? "" : " ", kind, patterns);
  }
  if (const auto parsed = plugin::parse_attach(line); !parsed) return fail(Errc::usage, parsed.error().text);
  return line;
}

/// Such as "struct odd in maps of type hash called odd_*".
std::string values_text(const PluginsNewOptions& options, const std::string& map_name) {
  std::string text = options.value_type.empty() ? "value" : options.value_type;
  if (options.map_type.empty() && map_name.empty()) return text;
  text += " in maps";
  if (!options.map_type.empty()) text += " of type " + options.map_type;
  if (!map_name.empty()) text += " called " + map_name;
  return text;
}

struct Texts {
  std::string folder, attach, summary;
};

/// Nothing said: the maps that are called as the plugin is.
Result<Texts> decoder(const PluginsNewOptions& options) {
  const bool is_free = options.value_type.empty() && options.map_type.empty() && options.map_name.empty();
  const std::string map_name = is_free ? options.name : options.map_name;
  auto line = attach_line(options, map_name);
  if (!line) return std::unexpected(line.error());
  return Texts{"decoder", std::move(*line),
               "beside each " + values_text(options, map_name) + " whether it is hot"};
}

Result<Texts> texts_of(const PluginsNewOptions& options) {
  if (options.kernel)
    return Texts{"kernel", "kernel:" + options.name, "what the kernel has of " + options.name};
  if (options.allocator)
    return Texts{"allocator", fmt::format("allocator:* var=struct {}", options.name),
                 fmt::format("what allocators of type struct {} have handed out", options.name)};
  return decoder(options);
}

/// Of the values in the generated test: any will do.
std::string struct_name(const PluginsNewOptions& options) {
  constexpr std::string_view keyword = "struct ";
  std::string_view type = options.value_type;
  if (type.starts_with(keyword)) type.remove_prefix(keyword.size());
  return std::string(plugin::is_identifier(type) ? type : options.name);
}

} // namespace

Result<Skeleton> skeleton_of(const PluginsNewOptions& options) {
  if (auto checked = check_name(options.name); !checked) return std::unexpected(checked.error());
  const auto texts = texts_of(options);
  if (!texts) return std::unexpected(texts.error());
  const auto abi = plugin::host_abi();
  std::string title = texts->summary;
  title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return Skeleton{texts->folder,
                  {{"@NAME@", options.name},
                   {"@ID@", "org.example." + options.name},
                   {"@ABI@", fmt::format("{}.{}", abi.major, abi.minor)},
                   {"@ATTACH@", texts->attach},
                   {"@SUMMARY@", texts->summary},
                   {"@TITLE@", title},
                   {"@STRUCT@", struct_name(options)}}};
}

} // namespace mapscope::cli
