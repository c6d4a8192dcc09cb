// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/manifest.hpp"

#include "host/base/nearest.hpp"
#include "host/base/utf8.hpp"
#include "host/plugin/verify/manifest_rules.hpp"
#include "host/plugin/verify/manifest_words.hpp"

#include <mapscope/plugin.h>

#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

constexpr std::size_t largest_description = 64U << 10, most_lines = 256;
constexpr std::size_t longest_key = 32, longest_value = 512;

/// C0, DEL, and C1 in its two-byte UTF-8 form: what a terminal obeys rather than shows.
bool has_control_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return true;
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

/// Quotes the line only once it is known to be fit for a terminal.
Result<ManifestLine> parse_line(std::string_view line, std::size_t number) {
  if (valid_utf8(line) != line || has_control_characters(line))
    return fail(Errc::corrupt, fmt::format("line {} is not UTF-8 text without control characters", number));
  const std::size_t equal = line.find('=');
  if (equal == line.npos)
    return fail(Errc::corrupt, fmt::format("line {}, \"{}\", is not key=value", number, line.substr(0, 64)));
  const ManifestLine parsed{line.substr(0, equal), line.substr(equal + 1)};
  if (parsed.key.size() > longest_key || !consists_of(parsed.key, "!-", false))
    return fail(Errc::corrupt,
                fmt::format("line {}: \"{}\" is no key: 1 to {} characters out of a-z, - and !", number,
                            parsed.key.substr(0, 64), longest_key));
  if (parsed.value.size() > longest_value)
    return fail(Errc::corrupt, fmt::format("line {}: the value of {}= has {} bytes, at most {} are read",
                                           number, parsed.key, parsed.value.size(), longest_value));
  return parsed;
}

/// [a-z0-9]+(\.[a-z0-9_-]+)+
bool is_id(std::string_view id) {
  const auto parts = split(id, '.');
  return parts.size() >= 2 && consists_of(parts.front(), "") &&
         std::ranges::all_of(parts, [](std::string_view part) { return consists_of(part, "_-"); });
}

struct KeyRule {
  std::string_view key;
  bool required, single;
  std::string Manifest::* text; ///< where a key of plain text goes
};

constexpr KeyRule key_rules[] = {{"abi", true, true, nullptr},
                                 {"id", true, true, &Manifest::id},
                                 {"version", true, true, &Manifest::version},
                                 {"license", true, true, &Manifest::license},
                                 {"attach", true, false, nullptr},
                                 {"needs", false, false, nullptr},
                                 {"config", false, false, nullptr},
                                 {"symbols", false, false, nullptr},
                                 {"maps", false, true, nullptr},
                                 {"budget", false, true, nullptr},
                                 {"summary", false, true, &Manifest::summary},
                                 {"url", false, true, &Manifest::url}};

Result<void> read_key(const KeyRule& rule, std::span<const ManifestLine> lines, Manifest& manifest) {
  const auto count = std::ranges::count(lines, rule.key, &ManifestLine::key);
  if (count == 0 && rule.required)
    return fail(Errc::corrupt, fmt::format("there is no {}= line, and every plugin has one", rule.key));
  if (count > 1 && rule.single)
    return fail(Errc::corrupt, fmt::format("{}= stands on {} lines, it may stand once", rule.key, count));
  if (count == 0 || rule.text == nullptr) return {};
  const auto line = std::ranges::find(lines, rule.key, &ManifestLine::key);
  if (rule.required && line->value.empty()) return fail(Errc::corrupt, fmt::format("{}= is empty", rule.key));
  manifest.*rule.text = line->value;
  return {};
}

/// A key that begins with ! must be understood; this version knows none.
Result<void> sort_out_unknown_keys(std::span<const ManifestLine> lines, Manifest& manifest) {
  for (const ManifestLine& line : lines) {
    if (line.key.starts_with('!'))
      return fail(Errc::unsupported,
                  fmt::format("{}= must be understood, and this mapscope does not know it: use a newer one",
                              line.key));
    if (std::ranges::find(key_rules, line.key, &KeyRule::key) == std::end(key_rules))
      manifest.ignored.emplace_back(line.key);
  }
  return {};
}

std::unexpected<Error> under(std::string_view rule, Error error) {
  return std::unexpected(std::move(error).within(rule));
}

} // namespace

Result<std::vector<ManifestLine>> manifest_lines(std::string_view description) {
  if (description.size() > largest_description)
    return fail(Errc::corrupt, fmt::format("the manifest has {} bytes, at most {} are read",
                                           description.size(), largest_description));
  if (description.empty() || description.back() != '\0')
    return fail(Errc::corrupt, "the manifest's text does not end with a NUL");
  description.remove_suffix(1);
  if (description.ends_with('\0')) description.remove_suffix(1); // "last line\0" in C has two
  std::vector<ManifestLine> lines;
  for (const std::string_view text : split(description, '\0')) {
    if (lines.size() == most_lines)
      return fail(Errc::corrupt, fmt::format("the manifest has more than {} lines", most_lines));
    const auto line = parse_line(text, lines.size() + 1);
    if (!line) return std::unexpected(line.error());
    lines.push_back(*line);
  }
  return lines;
}

std::string key_like(std::string_view unknown) {
  std::vector<std::string> keys;
  for (const KeyRule& rule : key_rules) keys.emplace_back(rule.key);
  return nearest(unknown, keys);
}

Result<void> read_identity(std::span<const ManifestLine> lines, Manifest& manifest) {
  for (const KeyRule& rule : key_rules)
    if (auto read = read_key(rule, lines, manifest); !read) return read;
  if (!is_id(manifest.id))
    return fail(Errc::corrupt,
                fmt::format("id={} is not of the form reverse.dns.name in lowercase", manifest.id));
  return sort_out_unknown_keys(lines, manifest);
}

AbiVersion host_abi() { return {MSC_ABI_MAJOR, MSC_ABI_MINOR}; }

Result<AbiVersion> parse_abi(std::string_view text) {
  const auto parts = split(text, '.');
  const auto major = decimal<std::uint16_t>(parts.front());
  const auto minor = decimal<std::uint16_t>(parts.back());
  if (parts.size() != 2 || !major || !minor)
    return fail(Errc::corrupt, fmt::format("abi={} is not MAJOR.MINOR in numbers", text));
  return AbiVersion{*major, *minor};
}

/// Before 1.0 any change of the interface may break any plugin, so the minor must be the same.
Result<void> check_abi(AbiVersion wanted, AbiVersion offered) {
  const bool newer =
      wanted.major > offered.major || (wanted.major == offered.major && wanted.minor > offered.minor);
  const bool older_is_served = wanted.major == offered.major && offered.major > 0;
  const bool same = wanted.major == offered.major && wanted.minor == offered.minor;
  if (same || (older_is_served && !newer)) return {};
  return fail(Errc::unsupported,
              fmt::format("the plugin is for interface {}.{}, this mapscope offers {}.{}: {}", wanted.major,
                          wanted.minor, offered.major, offered.minor,
                          newer ? "upgrade mapscope" : "upgrade the plugin (build it with the newer SDK)"));
}

Result<Manifest> parse_manifest(std::string_view description) {
  const auto lines = manifest_lines(description);
  if (!lines) return under("V5", lines.error());
  Manifest manifest;
  if (auto read = read_identity(*lines, manifest); !read) return under("V6", std::move(read.error()));
  const auto abi = parse_abi(std::ranges::find(*lines, "abi", &ManifestLine::key)->value);
  if (!abi) return under("V7", abi.error());
  manifest.abi_major = abi->major, manifest.abi_minor = abi->minor;
  if (auto served = check_abi(*abi, host_abi()); !served) return under("V7", std::move(served.error()));
  if (auto read = read_grammar(*lines, manifest); !read) return under("V11", std::move(read.error()));
  return manifest;
}

} // namespace mapscope::plugin
