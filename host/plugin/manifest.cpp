// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/manifest.hpp"

#include "host/base/utf8.hpp"

#include <mapscope/plugin.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <map>

namespace mapscope::plugin {

namespace {

constexpr std::size_t largest_text = 64 * 1024, most_lines = 256, longest_key = 32, longest_value = 512;
constexpr std::size_t longest_pattern = 64;

template <class... Args>
std::unexpected<Error> broken(std::string_view rule, fmt::format_string<Args...> text, Args&&... args) {
  return fail(Errc::corrupt, fmt::format("{}: {}", rule, fmt::format(text, std::forward<Args>(args)...)));
}

template <class T> std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= longest_key &&
         std::ranges::all_of(key, [](char c) { return is_lower(c) || c == '-' || c == '!'; });
}

/// [a-z0-9]+(\.[a-z0-9_-]+)+
bool is_id(std::string_view id) {
  const auto parts = split(id, '.');
  const auto is_part = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) {
      return is_lower(c) || is_digit(c) || c == '_' || c == '-';
    });
  };
  return parts.size() >= 2 && std::ranges::all_of(parts, is_part) &&
         std::ranges::all_of(parts.front(), [](char c) { return is_lower(c) || is_digit(c); });
}

/// A C identifier, or several with dots between: member paths.
bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

struct Line {
  std::string_view key, value;
};

Result<std::vector<Line>> split_lines(std::string_view text) {
  if (text.size() > largest_text)
    return broken("V5", "a manifest of {} bytes, at most {} are read", text.size(), largest_text);
  if (text.empty() || text.back() != '\0') return broken("V5", "the manifest does not end with a NUL");
  std::vector<Line> lines;
  for (const std::string_view line : split(text.substr(0, text.size() - 1), '\0')) {
    const std::size_t equal = line.find('=');
    if (lines.size() >= most_lines) return broken("V5", "more than {} lines", most_lines);
    if (valid_utf8(line) != line ||
        std::ranges::any_of(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
      return broken("V5", "line {} is not plain UTF-8 text", lines.size() + 1);
    if (equal == std::string_view::npos)
      return broken("V5", "line {} (\"{}\") is not key=value", lines.size() + 1, line);
    if (!is_key(line.substr(0, equal)))
      return broken("V5", "\"{}\" is no manifest key", line.substr(0, equal));
    if (line.size() - equal - 1 > longest_value)
      return broken("V5", "the value of {} has more than {} bytes", line.substr(0, equal), longest_value);
    lines.push_back({line.substr(0, equal), line.substr(equal + 1)});
  }
  return lines;
}

constexpr std::array<std::pair<std::string_view, AttachKind>, 5> kinds = {
    {{"allocator", AttachKind::allocator},
     {"map-name", AttachKind::map_name},
     {"value-type", AttachKind::value_type},
     {"struct-ops", AttachKind::struct_ops},
     {"map-type", AttachKind::map_type}}};

Result<void> parse_attach_option(std::string_view option, Attach& attach) {
  if (option.starts_with("prio=")) {
    const auto priority = number<int>(option.substr(5));
    if (!priority) return broken("V11", "attach: \"{}\" is no priority", option);
    attach.priority = *priority;
    return {};
  }
  return broken("V11", "attach: \"{}\" is not understood; after the patterns come var= and prio=", option);
}

/// KIND:PATTERN[,PATTERN] [var=TYPE] [prio=N]; a TYPE may hold a blank ("struct x"), so var= runs to prio=.
Result<Attach> parse_attach(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto kind = std::ranges::find(kinds, text.substr(0, colon), [](const auto& k) { return k.first; });
  if (colon == std::string_view::npos || kind == kinds.end())
    return broken(
        "V11", "attach={}: the kind is one of allocator, map-name, value-type, struct-ops, map-type", text);
  Attach attach;
  attach.kind = kind->second;
  std::string_view rest = text.substr(colon + 1);
  if (const std::size_t at = rest.rfind(" prio="); at != std::string_view::npos) {
    if (auto parsed = parse_attach_option(rest.substr(at + 1), attach); !parsed)
      return std::unexpected(parsed.error());
    rest = rest.substr(0, at);
  }
  if (const std::size_t at = rest.find(" var="); at != std::string_view::npos) {
    attach.variable_type = rest.substr(at + 5);
    rest = rest.substr(0, at);
  }
  if ((attach.kind == AttachKind::allocator) == attach.variable_type.empty())
    return broken("V11",
                  "attach={}: var= names the type of an allocator's variable, and belongs to allocator alone",
                  text);
  for (const std::string_view pattern : split(rest, ',')) {
    const bool is_type = attach.kind == AttachKind::value_type || attach.kind == AttachKind::struct_ops;
    if (pattern.empty() || pattern.size() > longest_pattern ||
        (!is_type && pattern.find(' ') != pattern.npos))
      return broken("V11", "attach={}: \"{}\" is no pattern (1 to {} characters, * and ?)", text, pattern,
                    longest_pattern);
    attach.patterns.emplace_back(pattern);
  }
  return attach;
}

/// TYPE[.member,member]
Result<Need> parse_need(std::string_view text) {
  Need need;
  const std::size_t dot = text.find('.');
  need.type = text.substr(0, dot);
  std::string_view name = need.type;
  for (const std::string_view keyword : {"struct ", "union ", "enum ", "typedef "})
    if (name.starts_with(keyword)) name.remove_prefix(keyword.size());
  if (!is_name(name)) return broken("V11", "needs={}: \"{}\" is no type name", text, need.type);
  if (dot == std::string_view::npos) return need;
  for (const std::string_view member : split(text.substr(dot + 1), ',')) {
    if (!std::ranges::all_of(split(member, '.'), is_name))
      return broken("V11", "needs={}: \"{}\" is no member", text, member);
    need.members.emplace_back(member);
  }
  return need;
}

/// name:type[=default]
Result<Option> parse_option(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, OptionType>, 4> types = {{{"bool", OptionType::boolean},
                                                                             {"u64", OptionType::u64},
                                                                             {"string", OptionType::string},
                                                                             {"type", OptionType::type}}};
  Option option;
  const std::size_t colon = text.find(':'), equal = text.find('=');
  option.name = text.substr(0, colon);
  const std::string_view spelled =
      colon == text.npos ? "" : text.substr(colon + 1, equal == text.npos ? equal : equal - colon - 1);
  const auto type = std::ranges::find(types, spelled, [](const auto& t) { return t.first; });
  if (!is_name(option.name) || type == types.end())
    return broken("V11", "config={}: expected name:type[=default] with a type of bool, u64, string, type",
                  text);
  option.type = type->second;
  if (equal == text.npos) return option;
  option.fallback = text.substr(equal + 1);
  const bool fits = option.type == OptionType::boolean
                        ? *option.fallback == "true" || *option.fallback == "false"
                    : option.type == OptionType::u64 ? number<std::uint64_t>(*option.fallback).has_value()
                                                     : true;
  if (!fits) return broken("V11", "config={}: the default is no {}", text, spelled);
  return option;
}

/// entries:N bytes:N ms:N, each at most once
Result<void> parse_budget(std::string_view text, Manifest& manifest) {
  for (const std::string_view part : split(text, ' ')) {
    const std::size_t colon = part.find(':');
    const auto value = colon == part.npos ? std::nullopt : number<std::uint64_t>(part.substr(colon + 1));
    const std::string_view name = part.substr(0, colon);
    auto* into = name == "entries" ? &manifest.budget_entries
                 : name == "bytes" ? &manifest.budget_bytes
                 : name == "ms"    ? &manifest.budget_ms
                                   : nullptr;
    if (into == nullptr || !value || into->has_value())
      return broken("V11", "budget={}: \"{}\" is none of entries:N, bytes:N, ms:N", text, part);
    *into = value;
  }
  return {};
}

Result<void> parse_abi(std::string_view text, Manifest& manifest) {
  const std::size_t dot = text.find('.');
  const auto major = number<std::uint32_t>(text.substr(0, dot));
  const auto minor = dot == text.npos ? std::nullopt : number<std::uint32_t>(text.substr(dot + 1));
  if (!major || !minor) return broken("V7", "abi={} is not MAJOR.MINOR", text);
  manifest.abi_major = *major;
  manifest.abi_minor = *minor;
  return {};
}

/// Before 1.0 any change of the interface may break a plugin, so the minor must match.
Result<void> check_abi(const Manifest& manifest) {
  const bool same_major = manifest.abi_major == MSC_ABI_MAJOR;
  const bool newer = manifest.abi_major > MSC_ABI_MAJOR || (same_major && manifest.abi_minor > MSC_ABI_MINOR);
  const bool frozen = MSC_ABI_MAJOR > 0;
  if (same_major && (manifest.abi_minor == MSC_ABI_MINOR || (frozen && !newer))) return {};
  return broken("V7", "needs plugin interface {}.{}, this program has {}.{}: {}", manifest.abi_major,
                manifest.abi_minor, MSC_ABI_MAJOR, MSC_ABI_MINOR,
                newer ? "use a newer mapscope" : "build the plugin against the newer SDK");
}

/// Keys that may stand once, and where their text goes.
std::string* single_text(Manifest& manifest, std::string_view key) {
  if (key == "id") return &manifest.id;
  if (key == "version") return &manifest.version;
  if (key == "license") return &manifest.license;
  if (key == "summary") return &manifest.summary;
  if (key == "url") return &manifest.url;
  return nullptr;
}

template <class T> Result<void> append(Result<T> parsed, std::vector<T>& to) {
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  to.push_back(std::move(*parsed));
  return {};
}

Result<void> take_line(const Line& line, Manifest& manifest) {
  const std::string_view key = line.key.starts_with('!') ? line.key.substr(1) : line.key;
  if (std::string* text = single_text(manifest, key)) {
    *text = line.value;
    return {};
  }
  if (key == "abi") return parse_abi(line.value, manifest);
  if (key == "attach") return append(parse_attach(line.value), manifest.attaches);
  if (key == "needs") return append(parse_need(line.value), manifest.needs);
  if (key == "config") return append(parse_option(line.value), manifest.options);
  if (key == "budget") return parse_budget(line.value, manifest);
  if (line.key.starts_with('!'))
    return broken("V11", "{} must be understood and is not; use a newer mapscope", line.key);
  manifest.ignored.emplace_back(line.key);
  return {};
}

Result<void> check_counts(const std::vector<Line>& lines) {
  std::map<std::string_view, int> seen;
  for (const Line& line : lines) ++seen[line.key.starts_with('!') ? line.key.substr(1) : line.key];
  for (const std::string_view required : {"abi", "id", "version", "license", "attach"})
    if (seen[required] == 0) return broken("V6", "the manifest has no {}=", required);
  for (const std::string_view single : {"abi", "id", "version", "license", "summary", "url", "budget"})
    if (seen[single] > 1) return broken("V6", "{}= stands {} times, it may stand once", single, seen[single]);
  return {};
}

} // namespace

std::string_view attach_kind_name(AttachKind kind) { return kinds[static_cast<std::size_t>(kind)].first; }

Result<Manifest> parse_manifest(std::string_view description) {
  const auto lines = split_lines(description);
  if (!lines) return std::unexpected(lines.error());
  if (auto counted = check_counts(*lines); !counted) return std::unexpected(counted.error());
  Manifest manifest;
  for (const Line& line : *lines)
    if (auto taken = take_line(line, manifest); !taken) return std::unexpected(taken.error());
  if (!is_id(manifest.id)) return broken("V6", "id={} is not of the form reverse.dns.name", manifest.id);
  if (manifest.version.empty()) return broken("V6", "version= is empty");
  if (auto abi = check_abi(manifest); !abi) return std::unexpected(abi.error());
  return manifest;
}

} // namespace mapscope::plugin
