// SPDX-License-Identifier: Apache-2.0
// V11: the lines of a manifest that have a grammar of their own.
#include "host/plugin/verify/manifest_rules.hpp"
#include "host/plugin/verify/manifest_words.hpp"
#include "host/plugin/verify/map_types.hpp"

#include <array>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

constexpr std::size_t longest_pattern = 64, longest_option_name = 64;
constexpr std::string_view uppercase_and_line = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

/// In the order of the enumerators.
constexpr std::array<std::string_view, 6> attach_kinds = {"allocator",  "map-name", "value-type",
                                                          "struct-ops", "map-type", "kernel"};
constexpr std::array<std::string_view, 4> option_types = {"bool", "u64", "string", "type"};

template <class Enum, std::size_t N>
std::optional<Enum> enumerator(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <class... Args> std::unexpected<Error> wrong(std::string_view key, std::string_view value,
                                                      fmt::format_string<Args...> text, Args&&... args) {
  return fail(Errc::corrupt,
              fmt::format("{}={}: {}", key, value, fmt::format(text, std::forward<Args>(args)...)));
}

bool is_identifier(std::string_view name) {
  return consists_of(name, uppercase_and_line) && !(name[0] >= '0' && name[0] <= '9');
}

/// "struct x", "union x", "enum x", "typedef x" or "x".
bool is_type(std::string_view type) {
  for (const std::string_view keyword : {"struct ", "union ", "enum ", "typedef "})
    if (type.starts_with(keyword)) return is_identifier(type.substr(keyword.size()));
  return is_identifier(type);
}

/// What stands before the first " var=" or " prio=", which is cut off `text`.
std::string_view take_patterns(std::string_view& text) {
  const std::size_t end = std::min({text.find(" var="), text.find(" prio="), text.size()});
  const std::string_view patterns = text.substr(0, end);
  text.remove_prefix(end);
  return patterns;
}

/// A class like [ab] would be taken as five characters of a name, which nobody who writes it means. A type
/// may be an array and have a blank.
bool is_pattern(std::string_view pattern, AttachKind kind) {
  const bool of_type = kind == AttachKind::value_type || kind == AttachKind::struct_ops;
  const std::string_view foreign = of_type ? "{}\\" : "{}\\[] ";
  return !pattern.empty() && pattern.size() <= longest_pattern && !pattern.starts_with(' ') &&
         !pattern.ends_with(' ') && pattern.find_first_of(foreign) == pattern.npos;
}

/// One option off the front of " var=struct x prio=5".
struct AttachOption {
  std::string_view name, value;
};
AttachOption take_option(std::string_view& text) {
  text.remove_prefix(1);
  const std::size_t equal = text.find('=');
  const std::size_t end = std::min({text.find(" var=", equal), text.find(" prio=", equal), text.size()});
  const AttachOption option{text.substr(0, equal), text.substr(equal + 1, end - equal - 1)};
  text.remove_prefix(end);
  return option;
}

Result<void> take_options(std::string_view line, std::string_view rest, Attach& attach) {
  bool priority_seen = false;
  while (!rest.empty()) {
    const auto [name, value] = take_option(rest);
    const auto priority = decimal<int>(value);
    if (name == "prio" && (priority_seen || !priority))
      return wrong("attach", line, "prio= takes one whole number, not \"{}\"", value);
    if (name == "var" && (!attach.variable_type.empty() || !is_type(value)))
      return wrong("attach", line, "var= takes one type like \"struct x\", not \"{}\"", value);
    if (name == "prio") attach.priority = *priority, priority_seen = true;
    if (name == "var") attach.variable_type = value;
  }
  if ((attach.kind == AttachKind::allocator) != attach.variable_type.empty()) return {};
  return wrong("attach", line,
               "var= is the type of an allocator's variable: every allocator: has it, nothing else");
}

/// A name without * and ? is one type's, and a wrong one would never match anything.
Result<void> check_map_type(std::string_view line, std::string_view pattern) {
  if (pattern.find_first_of("*?") != pattern.npos || is_map_type(pattern)) return {};
  const std::string meant = nearest_map_type(pattern);
  return wrong("attach", line,
               "no map type is called \"{}\"{}; a type newer than this mapscope is type_N by "
               "its number, such as type_40",
               pattern, meant.empty() ? "" : fmt::format(" (did you mean {}?)", meant));
}

/// KIND:PATTERN[,PATTERN] [var=TYPE] [prio=N]
Result<Attach> parse_attach(std::string_view line) {
  const std::size_t colon = std::min(line.find(':'), line.size());
  const auto kind = enumerator<AttachKind>(attach_kinds, line.substr(0, colon));
  if (colon == line.size() || !kind)
    return wrong("attach", line, "expected KIND:PATTERN with a KIND of {}", fmt::join(attach_kinds, ", "));
  Attach attach;
  attach.kind = *kind;
  std::string_view rest = line.substr(colon + 1);
  for (const std::string_view pattern : split(take_patterns(rest), ',')) {
    if (!is_pattern(pattern, *kind))
      return wrong("attach", line, "\"{}\" is no pattern: 1 to {} bytes of a name, * and ?", pattern,
                   longest_pattern);
    if (*kind == AttachKind::map_type)
      if (auto known = check_map_type(line, pattern); !known) return std::unexpected(known.error());
    attach.patterns.emplace_back(pattern);
  }
  if (*kind == AttachKind::kernel && (attach.patterns.size() != 1 || !is_identifier(attach.patterns[0])))
    return wrong("attach", line, "kernel: takes one name of letters, digits and _");
  if (auto taken = take_options(line, rest, attach); !taken) return std::unexpected(taken.error());
  return attach;
}

/// TYPE[.member,member]
Result<Need> parse_need(std::string_view line) {
  const std::size_t dot = line.find('.');
  Need need{std::string(line.substr(0, dot)), {}};
  if (!is_type(need.type)) return wrong("needs", line, "\"{}\" is no type like \"struct x\"", need.type);
  if (dot == line.npos) return need;
  for (const std::string_view member : split(line.substr(dot + 1), ',')) {
    if (!std::ranges::all_of(split(member, '.'), is_identifier))
      return wrong("needs", line, "\"{}\" is no member", member);
    need.members.emplace_back(member);
  }
  return need;
}

bool is_value_of(OptionType type, std::string_view text) {
  if (type == OptionType::boolean) return text == "true" || text == "false";
  if (type == OptionType::u64) return decimal<std::uint64_t>(text).has_value();
  return true;
}

/// name:type[=default]
Result<Option> parse_option(std::string_view line) {
  const std::size_t equal = std::min(line.find('='), line.size());
  const std::string_view declared = line.substr(0, equal);
  const std::size_t colon = std::min(declared.find(':'), declared.size());
  Option option;
  option.name = declared.substr(0, colon);
  if (option.name.size() > longest_option_name || !consists_of(option.name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-"))
    return wrong("config", line, "\"{}\" is no name for a key", option.name);
  const std::string_view type_name = colon == declared.size() ? "" : declared.substr(colon + 1);
  const auto type = enumerator<OptionType>(option_types, type_name);
  if (!type)
    return wrong("config", line, "expected name:TYPE[=default] with a TYPE of {}",
                 fmt::join(option_types, ", "));
  option.type = *type;
  if (equal == line.size()) return option;
  option.fallback = line.substr(equal + 1);
  if (!is_value_of(*type, *option.fallback))
    return wrong("config", line, "the default \"{}\" is no {}", *option.fallback, type_name);
  return option;
}

/// entries:N bytes:N ms:N, each at most once.
Result<void> parse_budget(std::string_view line, Manifest& manifest) {
  for (const std::string_view part : split(line, ' ')) {
    const std::size_t colon = std::min(part.find(':'), part.size());
    const std::string_view name = part.substr(0, colon);
    auto* into = name == "entries" ? &manifest.budget_entries
                 : name == "bytes" ? &manifest.budget_bytes
                 : name == "ms"    ? &manifest.budget_ms
                                   : nullptr;
    const auto limit = colon == part.size() ? std::nullopt : decimal<std::uint64_t>(part.substr(colon + 1));
    if (into == nullptr || *into || !limit)
      return wrong("budget", line, "\"{}\" is none of entries:N, bytes:N, ms:N, each once", part);
    *into = limit;
  }
  return {};
}

/// NAME[,NAME]
Result<void> parse_symbols(std::string_view line, Manifest& manifest) {
  for (const std::string_view name : split(line, ',')) {
    if (!consists_of(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_.$"))
      return wrong("symbols", line, "\"{}\" is no symbol's name", name);
    manifest.symbols.emplace_back(name);
  }
  return {};
}

template <class T> Result<void> append(Result<T> parsed, std::vector<T>& to) {
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  to.push_back(std::move(*parsed));
  return {};
}

Result<void> read_line(const ManifestLine& line, Manifest& manifest) {
  if (line.key == "attach") return append(parse_attach(line.value), manifest.attaches);
  if (line.key == "needs") return append(parse_need(line.value), manifest.needs);
  if (line.key == "config") return append(parse_option(line.value), manifest.options);
  if (line.key == "symbols") return parse_symbols(line.value, manifest);
  if (line.key == "budget") return parse_budget(line.value, manifest);
  return {};
}

Result<void> check_option_names(const std::vector<Option>& options) {
  for (auto option = options.begin(); option != options.end(); ++option)
    if (std::find_if(options.begin(), option, [&](const Option& o) { return o.name == option->name; }) !=
        option)
      return fail(Errc::corrupt, fmt::format("config= declares {} twice", option->name));
  return {};
}

/// What a plugin shows of the kernel is one object of the report, under its id.
Result<void> check_kernel_lines(const std::vector<Attach>& attaches) {
  if (std::ranges::count(attaches, AttachKind::kernel, &Attach::kind) <= 1) return {};
  return fail(Errc::corrupt, "attach=kernel: stands there twice; a plugin shows one part of the kernel");
}

} // namespace

std::vector<std::string> doubtful_patterns(const Manifest& manifest) {
  std::vector<std::string> doubts;
  for (const Attach& attach : manifest.attaches)
    for (const std::string& pattern : attach.patterns)
      if (attach.kind == AttachKind::map_type && map_types_like(pattern).empty())
        doubts.push_back(fmt::format("attach=map-type:{} matches none of the types that there are", pattern));
  return doubts;
}

std::string_view attach_kind_name(AttachKind kind) { return attach_kinds[static_cast<std::size_t>(kind)]; }

Result<void> read_grammar(std::span<const ManifestLine> lines, Manifest& manifest) {
  for (const ManifestLine& line : lines)
    if (auto read = read_line(line, manifest); !read) return read;
  if (auto checked = check_kernel_lines(manifest.attaches); !checked) return checked;
  return check_option_names(manifest.options);
}

} // namespace mapscope::plugin
