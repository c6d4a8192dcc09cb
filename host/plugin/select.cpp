// SPDX-License-Identifier: Apache-2.0
// Which plugin renders a map: a person's word first, then the most specific attach point, then priority.
#include "host/plugin/registry.hpp"

#include "host/base/glob.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace mapscope::plugin {

namespace {

/// The type a map's value is declared as, spelled; "" when there is none.
std::string value_type_name(const catalog::Map& map) {
  return map.types && map.value_type != 0 ? map.types->spell(map.value_type) : std::string();
}

/// struct_ops maps: the value type is bpf_struct_ops_NAME, a wrapper around NAME (include/linux/bpf.h).
std::string ops_type_name(const catalog::Map& map) {
  constexpr std::string_view prefix = "bpf_struct_ops_";
  if (!map.types || map.vmlinux_value_type == 0) return "";
  const std::string_view name = map.types->name_of(map.vmlinux_value_type);
  return std::string(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
}

/// "struct x" matches the patterns "struct x" and "x".
bool matches_type(const std::string& pattern, const std::string& spelled) {
  const std::size_t blank = spelled.find(' ');
  return !spelled.empty() && (glob_match(pattern, spelled) ||
                              (blank != std::string::npos && glob_match(pattern, spelled.substr(blank + 1))));
}

bool matches(const Attach& attach, const std::string& pattern, const catalog::Map& map) {
  switch (attach.kind) {
  case AttachKind::allocator:
    return false; // for variables, not for maps
  case AttachKind::map_name:
    return glob_match(pattern, map.name);
  case AttachKind::value_type:
    return matches_type(pattern, value_type_name(map));
  case AttachKind::struct_ops:
    return matches_type(pattern, ops_type_name(map));
  case AttachKind::map_type:
    return glob_match(pattern, map.type_name);
  }
  return false;
}

bool matches(const Attach& attach, const catalog::Map& map) {
  return std::ranges::any_of(attach.patterns,
                             [&](const std::string& pattern) { return matches(attach, pattern, map); });
}

bool has_members(const btf::Types& types, const Need& need) {
  return std::ranges::any_of(types.find_all(need.type), [&](btf::TypeId id) {
    return std::ranges::all_of(
        need.members, [&](const std::string& member) { return types.member(id, member).has_value(); });
  });
}

/// K1: "" when all that the plugin needs is there.
std::string missing_need(const Manifest& manifest, const catalog::Map& map, const btf::Types& kernel) {
  for (const Need& need : manifest.needs) {
    if (has_members(kernel, need) || (map.types && has_members(*map.types, need))) continue;
    std::string members;
    for (const std::string& member : need.members) members += (members.empty() ? "." : ",") + member;
    return fmt::format("{} needs {}{}: not in this kernel or program", manifest.id, need.type, members);
  }
  return "";
}

struct Candidate {
  Choice choice;
  AttachKind kind = AttachKind::map_type;
  int priority = 0;
  std::size_t preferred = 0; ///< position in [plugins] prefer; its length when not named
  [[nodiscard]] auto rank() const { return std::tuple(kind, -priority, preferred); }
};

class Selector {
public:
  Selector(const std::vector<Plugin>& plugins, const catalog::Map& map, const btf::Types& kernel,
           const config::Config& config)
      : plugins_(plugins), map_(map), kernel_(kernel), config_(config) {}

  Selection run() {
    take_configured();
    auto candidates = find_candidates();
    std::ranges::stable_sort(candidates, {}, &Candidate::rank);
    if (selection_.choices.empty() && candidates.size() > 1 && candidates[0].rank() == candidates[1].rank()) {
      report_tie(candidates[0], candidates[1]);
      return std::move(selection_);
    }
    for (Candidate& candidate : candidates) add(std::move(candidate.choice));
    if (selection_.choices.empty() && selection_.reason.empty())
      selection_.reason = fmt::format("no plugin renders maps of type {}", map_.type_name);
    return std::move(selection_);
  }

private:
  void add(Choice choice) {
    const bool known =
        std::ranges::any_of(selection_.choices, [&](const Choice& c) { return c.plugin == choice.plugin; });
    if (!known) selection_.choices.push_back(std::move(choice));
  }
  void explain(std::string reason) {
    if (!selection_.reason.empty()) selection_.reason += "; ";
    selection_.reason += std::move(reason);
  }

  [[nodiscard]] const Plugin* by_id(const std::string& id) const {
    const auto found = std::ranges::find_if(plugins_, [&](const Plugin& p) {
      return p.verification.manifest && p.manifest().id == id && p.usable();
    });
    return found != plugins_.end() ? &*found : nullptr;
  }

  /// Rank 1: the first rule that matches the map's name and names a plugin.
  void take_configured() {
    for (const config::MapRule& rule : config_.maps) {
      if (!rule.use || !glob_match(rule.glob, map_.name)) continue;
      const Plugin* plugin = by_id(*rule.use);
      if (plugin == nullptr)
        return explain(
            fmt::format("{} asks for {}, which is not there or not usable", rule.origin, *rule.use));
      if (auto missing = missing_need(plugin->manifest(), map_, kernel_); !missing.empty())
        return explain(missing);
      return add({plugin, attach_index(*plugin), fmt::format("configuration, {}", rule.origin)});
    }
  }

  /// A person may send a map to a plugin that has no attach point for it; the first then stands in.
  [[nodiscard]] std::uint32_t attach_index(const Plugin& plugin) const {
    const auto& attaches = plugin.manifest().attaches;
    const auto found =
        std::ranges::find_if(attaches, [&](const Attach& attach) { return matches(attach, map_); });
    return found != attaches.end() ? static_cast<std::uint32_t>(found - attaches.begin()) : 0;
  }

  std::vector<Candidate> find_candidates() {
    std::vector<Candidate> candidates;
    for (const Plugin& plugin : plugins_)
      if (plugin.usable()) add_attach_points(plugin, candidates);
    return candidates;
  }

  void add_attach_points(const Plugin& plugin, std::vector<Candidate>& into) {
    const auto& prefer = config_.plugins.prefer;
    const auto place =
        static_cast<std::size_t>(std::ranges::find(prefer, plugin.manifest().id) - prefer.begin());
    std::optional<Candidate> best;
    for (std::uint32_t i = 0; i < plugin.manifest().attaches.size(); ++i) {
      const Attach& attach = plugin.manifest().attaches[i];
      if (!matches(attach, map_)) continue;
      Candidate here{
          {&plugin, i, fmt::format("{}, priority {}", attach_kind_name(attach.kind), attach.priority)},
          attach.kind,
          attach.priority,
          place};
      if (!best || here.rank() < best->rank()) best = std::move(here);
    }
    if (!best) return;
    if (auto missing = missing_need(plugin.manifest(), map_, kernel_); !missing.empty())
      return explain(std::move(missing));
    into.push_back(std::move(*best));
  }

  void report_tie(const Candidate& a, const Candidate& b) {
    const std::string& first = a.choice.plugin->manifest().id;
    selection_.tie = true;
    explain(fmt::format("{} and {} both claim it ({}); settle it with [plugins] prefer = [\"{}\"] or "
                        "[map.\"{}\"] use = \"{}\"",
                        first, b.choice.plugin->manifest().id, a.choice.why, first, map_.name, first));
  }

  const std::vector<Plugin>& plugins_;
  const catalog::Map& map_;
  const btf::Types& kernel_;
  const config::Config& config_;
  Selection selection_;
};

} // namespace

Selection Registry::select(const catalog::Map& map, const btf::Types& kernel,
                           const config::Config& config) const {
  return Selector(plugins_, map, kernel, config).run();
}

} // namespace mapscope::plugin
