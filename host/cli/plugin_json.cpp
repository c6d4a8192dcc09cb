// SPDX-License-Identifier: Apache-2.0
#include "host/cli/plugin_json.hpp"

#include "host/plugin/verify/attach_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <span>
#include <string_view>

namespace mapscope::cli {

namespace {

using report::JsonText;

/// As a manifest has it behind needs=.
std::string need_text(const plugin::Need& need) {
  return need.members.empty() ? need.type : fmt::format("{}.{}", need.type, fmt::join(need.members, ","));
}

std::string_view type_name(plugin::OptionType type) {
  constexpr std::string_view names[] = {"bool", "u64", "string", "type"};
  return names[static_cast<std::size_t>(type)];
}

template <class Things, class Text>
void put_texts(std::string_view key, const Things& things, const Text& text, JsonText& out) {
  out.key(key), out.begin_array();
  for (const auto& thing : things) out.string(text(thing));
  out.end_array();
}

void put_texts(std::string_view key, std::span<const std::string> texts, JsonText& out) {
  put_texts(key, texts, [](const std::string& text) { return std::string_view(text); }, out);
}

void put_if_said(std::string_view key, std::string_view text, JsonText& out) {
  if (!text.empty()) out.key(key), out.string(text);
}

void put_if_said(std::string_view key, const std::optional<std::uint64_t>& number, JsonText& out) {
  if (number) out.key(key), out.number(*number);
}

void put_options(const plugin::Manifest& manifest, JsonText& out) {
  out.key("config"), out.begin_array();
  for (const plugin::Option& option : manifest.options) {
    out.begin_object();
    out.key("name"), out.string(option.name);
    out.key("type"), out.string(type_name(option.type));
    if (option.fallback) out.key("default"), out.string(*option.fallback);
    out.end_object();
  }
  out.end_array();
}

void put_budget(const plugin::Manifest& manifest, JsonText& out) {
  out.key("budget"), out.begin_object();
  put_if_said("entries", manifest.budget_entries, out);
  put_if_said("bytes", manifest.budget_bytes, out);
  put_if_said("ms", manifest.budget_ms, out);
  out.end_object();
}

void put_identity(const plugin::Manifest& manifest, JsonText& out) {
  out.key("id"), out.string(manifest.id);
  out.key("version"), out.string(manifest.version);
  out.key("abi"), out.string(fmt::format("{}.{}", manifest.abi_major, manifest.abi_minor));
  out.key("license"), out.string(manifest.license);
  put_if_said("summary", manifest.summary, out);
  put_if_said("url", manifest.url, out);
}

void put_what_it_does(const plugin::Manifest& manifest, JsonText& out) {
  put_texts("needs", manifest.needs, need_text, out);
  put_options(manifest, out);
  put_texts("symbols", manifest.symbols, out);
  put_budget(manifest, out);
  put_texts("ignored_keys", manifest.ignored, out);
}

void put_verdict(const plugin::Plugin& plugin, JsonText& out) {
  out.key("verdict"), out.string(plugin.usable() ? "usable" : "refused");
  if (!plugin.usable()) out.key("reason"), out.string(plugin.refused);
  if (plugin.usable() && plugin.newer != 0)
    out.key("stands_by"), out.string(plugin.verification.log.back().text);
}

} // namespace

void put_plugin(const plugin::Plugin& plugin, JsonText& out) {
  const auto& manifest = plugin.verification.manifest;
  out.begin_object();
  if (manifest)
    put_identity(*manifest, out);
  else
    put_if_said("called", plugin.verification.called, out);
  out.key("path"), out.string(plugin.path);
  out.key("built_in"), out.boolean(plugin.built_in);
  put_texts("attach", manifest ? manifest->attaches : std::vector<plugin::Attach>{}, plugin::attach_text,
            out);
  if (manifest) put_what_it_does(*manifest, out);
  put_verdict(plugin, out);
  out.end_object();
}

} // namespace mapscope::cli
