// SPDX-License-Identifier: Apache-2.0
// V11: the lines of a manifest that have a grammar of their own.
#include "host/plugin/verify/attach_line.hpp"
#include "host/plugin/verify/manifest_rules.hpp"
#include "host/plugin/verify/manifest_words.hpp"
#include "host/plugin/verify/map_types.hpp"

#include <array>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

constexpr std::size_t longest_option_name = 64;

/// In the order of the enumerators.
constexpr std::array<std::string_view, 4> option_types = {"bool", "u64", "string", "type"};

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

/// Which maps find_map() knows.
Result<void> parse_maps(std::string_view line, Manifest& manifest) {
  if (line != "any") return wrong("maps", line, "\"any\" is all that it may say");
  manifest.any_maps = true;
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
  if (line.key == "maps") return parse_maps(line.value, manifest);
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

/// Lines that an older host would take for something else.
Result<void> check_minor(const Manifest& manifest) {
  const bool is_newer = std::ranges::any_of(manifest.attaches, [](const Attach& attach) {
    return attach.mode == AttachMode::element || !attach.also.empty();
  });
  if (!is_newer || manifest.abi_minor >= 1 || manifest.abi_major > 1) return {};
  return fail(Errc::corrupt, "attach= with mode= or several conditions is of interface 1.1: say abi=1.1");
}

/// What a plugin shows of the kernel is one object of the report, under its id.
Result<void> check_kernel_lines(const std::vector<Attach>& attaches) {
  if (std::ranges::count(attaches, AttachKind::kernel, &Attach::kind) <= 1) return {};
  return fail(Errc::corrupt, "attach=kernel: stands there twice; a plugin shows one part of the kernel");
}

} // namespace

std::vector<std::string> doubts_about(const Manifest& manifest) {
  std::vector<std::string> doubts;
  for (const std::string& key : manifest.ignored)
    if (const std::string meant = key_like(key); !meant.empty())
      doubts.push_back(fmt::format("{}= is ignored as unknown (did you mean {}=?)", key, meant));
  for (const Attach& attach : manifest.attaches)
    for (const std::string& pattern : attach.patterns)
      if (attach.kind == AttachKind::map_type && map_types_like(pattern).empty())
        doubts.push_back(fmt::format("attach=map-type:{} matches none of the types that there are", pattern));
  return doubts;
}

Result<void> read_grammar(std::span<const ManifestLine> lines, Manifest& manifest) {
  for (const ManifestLine& line : lines)
    if (auto read = read_line(line, manifest); !read) return read;
  if (auto checked = check_kernel_lines(manifest.attaches); !checked) return checked;
  if (auto checked = check_minor(manifest); !checked) return checked;
  return check_option_names(manifest.options);
}

} // namespace mapscope::plugin
