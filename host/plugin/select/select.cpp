// SPDX-License-Identifier: Apache-2.0
// Which plugin renders a map: a person's word first, then the most specific attach point, then priority.
#include "host/plugin/select/registry.hpp"

#include "host/plugin/select/needs.hpp"
#include "host/plugin/select/ranking.hpp"
#include "host/plugin/select/select_attach.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace mapscope::plugin {

namespace {

/// One plugin by its best attach point for the map.
struct Candidate {
  Choice choice;
  AttachKind kind = AttachKind::map_type;
  int priority = 0;
  std::size_t preference = 0; ///< place in [plugins] prefer, its length when not named there
  /// Less is better. The kind goes first: nobody takes over all hash maps with prio=9999 where someone named
  /// the map.
  [[nodiscard]] auto rank() const { return std::tuple(kind, -std::int64_t{priority}, preference); }
};

class Selector {
public:
  Selector(const std::vector<Plugin>& plugins, const catalog::Map& map, const btf::Types& kernel,
           const config::Config& config)
      : plugins_(plugins), map_(map), kernel_(kernel), config_(config) {}

  Selection run() {
    const bool is_decided = take_configured();
    // It says hash or array, and is neither: struct bpf_offloaded_map, kernel/bpf/offload.c.
    if (map_.offloaded) {
      explain("it is offloaded to a network device, and its elements are in the device's memory");
      return std::move(selection_);
    }
    auto candidates = find_candidates();
    take_decoders(candidates, is_decided);
    take_ranked(std::move(candidates));
    if (has_no_renderer() && selection_.reason.empty())
      explain(fmt::format("no plugin renders maps of type {}; `mapscope plugins list` shows what there is",
                          map_.type_name));
    return std::move(selection_);
  }

private:
  void explain(const std::string& why) { selection_.reason += selection_.reason.empty() ? why : "; " + why; }

  /// Rank 1: the first rule that names a plugin and matches the map. A person may send a map to a plugin
  /// without an attach point for it; its first one then stands in.
  /// True when who renders it has been said, and so, that nobody adds to it.
  bool take_configured() {
    const auto rule = std::ranges::find_if(config_.maps, [&](const config::MapRule& candidate) {
      return candidate.use && map_.names().fit(candidate.glob);
    });
    if (rule == config_.maps.end()) return false;
    const std::string& origin = rule->origin_of("use");
    const Plugin* plugin = usable(*rule->use);
    const auto in_vain = [&](const std::string& why) {
      explain(fmt::format("{} asks for {}, {}", origin, *rule->use, why));
      return false;
    };
    if (plugin == nullptr) return in_vain(absence(*rule->use));
    if (is_for_no_map(plugin->manifest())) return in_vain("which renders no maps");
    if (auto missing = missing_need(plugin->manifest(), kernel_, map_.types.get()); !missing.empty())
      return in_vain("which " + missing);
    const auto attach = best_attach(plugin->manifest(), map_).value_or(0);
    selection_.choices.push_back({plugin, attach, fmt::format("configuration {}", origin)});
    return !selection_.choices.back().is_decoder();
  }

  static bool is_for_no_map(const Manifest& manifest) {
    return std::ranges::all_of(manifest.attaches,
                               [](const Attach& attach) { return attach.kind == AttachKind::kernel; });
  }

  [[nodiscard]] const Plugin* usable(const std::string& id) const {
    const auto found = std::ranges::find_if(
        plugins_, [&](const Plugin& plugin) { return plugin.usable() && plugin.manifest().id == id; });
    return found != plugins_.end() ? &*found : nullptr;
  }

  [[nodiscard]] std::string absence(const std::string& id) const {
    for (const Plugin& plugin : plugins_)
      if (plugin.verification.manifest && plugin.manifest().id == id)
        return fmt::format("which is refused ({})", plugin.refused);
    return "which is in none of the plugin directories";
  }

  std::vector<Candidate> find_candidates() {
    std::vector<Candidate> candidates;
    for (const Plugin& plugin : plugins_) {
      if (!plugin.usable() || is_chosen(plugin)) continue;
      const auto attach = best_attach(plugin.manifest(), map_);
      if (!attach) continue;
      if (auto missing = missing_need(plugin.manifest(), kernel_, map_.types.get()); !missing.empty())
        explain(fmt::format("{} {}", plugin.tag(), missing));
      else
        candidates.push_back(candidate(plugin, *attach));
    }
    return candidates;
  }

  [[nodiscard]] bool is_chosen(const Plugin& plugin) const {
    return std::ranges::any_of(selection_.choices,
                               [&](const Choice& choice) { return choice.plugin == &plugin; });
  }

  [[nodiscard]] Candidate candidate(const Plugin& plugin, std::uint32_t index) const {
    const Attach& attach = plugin.manifest().attaches[index];
    const auto& prefer = config_.plugins.prefer;
    const auto place = std::ranges::find(prefer, plugin.manifest().id) - prefer.begin();
    return {{&plugin, index, describe(attach, map_)},
            attach.kind,
            attach.priority,
            static_cast<std::size_t>(place)};
  }

  /// Any number may add to a map, so that they never tie: by rank, then by id as the plugins come.
  void take_decoders(std::vector<Candidate>& candidates, bool is_decided) {
    const auto others = std::ranges::stable_partition(
        candidates, [](const Candidate& candidate) { return candidate.choice.is_decoder(); });
    std::vector<Candidate> decoders(candidates.begin(), others.begin());
    candidates.erase(candidates.begin(), others.begin());
    if (is_decided) return;
    (void)take_older(decoders);
    std::ranges::stable_sort(decoders, {}, &Candidate::rank);
    for (Candidate& decoder : decoders) selection_.choices.push_back(std::move(decoder.choice));
  }

  [[nodiscard]] bool has_no_renderer() const {
    return std::ranges::all_of(selection_.choices, &Choice::is_decoder);
  }

  void take_ranked(std::vector<Candidate> candidates) {
    auto ranking = ranked(std::move(candidates));
    if (ranking.tied && has_no_renderer()) report_tie(*ranking.tied);
    std::ranges::move(ranking.choices, std::back_inserter(selection_.choices));
  }

  void report_tie(const Tied& tied) {
    selection_.tie = true;
    explain(fmt::format(
        "{} {} claim it with {}; settle it with prefer = [\"{}\"] in [plugins], or use = \"{}\" in "
        "[map.\"{}\"]",
        tied.tags, tied.count == 2 ? "both" : "all", tied.why, tied.preferred, tied.preferred, map_.name));
  }

  const std::vector<Plugin>& plugins_;
  const catalog::Map& map_;
  const btf::Types& kernel_;
  const config::Config& config_;
  Selection selection_;
};

} // namespace

bool Choice::is_decoder() const {
  const auto& attaches = plugin->manifest().attaches;
  return attach < attaches.size() && attaches[attach].mode == AttachMode::element;
}

Selection Registry::select(const catalog::Map& map, const btf::Types& kernel,
                           const config::Config& config) const {
  return Selector(plugins_, map, kernel, config).run();
}

} // namespace mapscope::plugin
