// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/kernel_filter.hpp"

#include "host/base/glob.hpp"
#include "host/base/nearest.hpp"
#include "host/plugin/select/needs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace mapscope::pipeline {

namespace {

constexpr std::string_view prefix = "kernel:";

std::vector<KernelParts::Missing> missing_parts(const plugin::Registry& registry, const btf::Types& kernel) {
  std::vector<KernelParts::Missing> parts;
  for (const plugin::Plugin& plugin : registry.plugins()) {
    if (!plugin.usable()) continue;
    const auto& attaches = plugin.manifest().attaches;
    const auto line = std::ranges::find(attaches, plugin::AttachKind::kernel, &plugin::Attach::kind);
    if (line == attaches.end()) continue;
    const std::string& name = line->patterns.front();
    if (const auto missing = plugin::missing_need(plugin.manifest(), kernel, nullptr); !missing.empty())
      parts.push_back({name, fmt::format("{} is not shown by {}: {}", name, plugin.tag(), missing)});
  }
  return parts;
}

/// Why those are missing that fit; "" where none does.
std::string why_missing(const KernelParts& parts, const std::string& glob) {
  std::string all;
  for (const auto& [name, why] : parts.missing)
    if (glob_match(glob, name)) all += (all.empty() ? "" : "; ") + why;
  return all;
}

/// Of a name that fits no part that is shown.
std::string no_part_fits(const KernelParts& parts, const std::string& glob) {
  if (std::string why = why_missing(parts, glob); !why.empty()) return why;
  std::vector<std::string> names, shown;
  for (const auto& target : parts.shown) shown.push_back(target.name);
  names = shown;
  for (const auto& part : parts.missing) names.push_back(part.name);
  if (const std::string near = nearest(glob, names); !near.empty())
    return fmt::format("no part of the kernel fits; did you mean {}{}?", prefix, near);
  if (shown.empty()) return "no plugin shows a part of this kernel";
  return fmt::format("no part of the kernel fits; the parts there are: {}", fmt::join(shown, ", "));
}

} // namespace

KernelParts kernel_parts(const plugin::Registry& registry, const btf::Types& kernel,
                         const config::Config& config) {
  return {registry.kernel_targets(kernel, config), missing_parts(registry, kernel)};
}

void tell_missing(const std::vector<KernelParts::Missing>& parts) {
  for (const auto& part : parts) spdlog::info("{}", part.why);
}

bool names_part(std::string_view spec) { return spec.starts_with(prefix); }

Result<std::vector<plugin::KernelTarget>> filter_parts(const KernelParts& parts,
                                                       const std::vector<std::string>& specs) {
  std::vector<bool> chosen(parts.shown.size(), specs.empty());
  for (const std::string& spec : specs) {
    if (!names_part(spec)) continue;
    const std::string glob = spec.substr(prefix.size());
    bool any = false;
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if (glob_match(glob, parts.shown[i].name)) chosen[i] = any = true;
    if (!any) return fail(Errc::usage, fmt::format("--map {}: {}", spec, no_part_fits(parts, glob)));
  }
  std::vector<plugin::KernelTarget> targets;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i]) targets.push_back(parts.shown[i]);
  return targets;
}

} // namespace mapscope::pipeline
