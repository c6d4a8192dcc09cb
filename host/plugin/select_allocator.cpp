// SPDX-License-Identifier: Apache-2.0
// Which plugin reads an allocator: a person's word first, then priority, then preference.
#include "host/base/glob.hpp"
#include "host/plugin/allocators.hpp"
#include "host/plugin/select/needs.hpp"
#include "host/plugin/select/ranking.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace mapscope::plugin {

namespace {

bool matches(const Attach& attach, const AllocatorVariable& variable) {
  const std::string_view type = attach.variable_type;
  return attach.kind == AttachKind::allocator &&
         type.substr(type.find(' ') + 1) == variable.section->types->name_of(variable.type) &&
         std::ranges::any_of(attach.patterns,
                             [&](const std::string& glob) { return glob_match(glob, variable.name); });
}

struct Candidate {
  Choice choice;
  int priority = 0;
  std::ptrdiff_t preference = 0; ///< place in [plugins] prefer, its length when not named there
  [[nodiscard]] auto rank() const { return std::tuple(-std::int64_t{priority}, preference); }
};

class AllocatorSelector {
public:
  AllocatorSelector(const AllocatorVariable& variable, const btf::Types& kernel, const config::Config& config)
      : variable_(variable), kernel_(kernel), config_(config) {
    const auto rule = std::ranges::find_if(config.maps, [&](const config::MapRule& candidate) {
      return candidate.use && glob_match(candidate.glob, variable.name);
    });
    if (rule != config.maps.end()) wanted_ = *rule->use;
  }

  void look_at(const Plugin& plugin) {
    const auto& attaches = plugin.manifest().attaches;
    for (std::uint32_t i = 0; i < attaches.size(); ++i) {
      if (!matches(attaches[i], variable_)) continue;
      if (auto missing = missing_need(plugin.manifest(), kernel_, variable_.section->types.get());
          !missing.empty())
        return explain(fmt::format("{} {}", plugin.tag(), missing));
      return add(plugin, i);
    }
  }

  Selection run() {
    auto [choices, tied] = ranked(std::move(candidates_));
    selection_.choices = std::move(choices);
    selection_.tie = tied.has_value();
    if (tied)
      explain(fmt::format("{} {} claim it; settle it with prefer = [\"{}\"] in [plugins], or use = \"{}\" in "
                          "[map.\"{}\"]",
                          tied->tags, tied->count == 2 ? "both" : "all", tied->preferred, tied->preferred,
                          variable_.name));
    if (selection_.choices.empty() && selection_.reason.empty()) explain("no plugin's pattern has its name");
    return std::move(selection_);
  }

private:
  void explain(const std::string& why) { selection_.reason += selection_.reason.empty() ? why : "; " + why; }

  void add(const Plugin& plugin, std::uint32_t attach) {
    const Attach& line = plugin.manifest().attaches[attach];
    const auto& prefer = config_.plugins.prefer;
    const auto place = std::ranges::find(prefer, plugin.manifest().id) - prefer.begin();
    const bool decided = wanted_ == plugin.manifest().id;
    candidates_.push_back(
        {{&plugin, attach, fmt::format("allocator:{} prio {}", variable_.name, line.priority)},
         decided ? std::numeric_limits<int>::max() : line.priority,
         decided ? -1 : place});
  }

  const AllocatorVariable& variable_;
  const btf::Types& kernel_;
  const config::Config& config_;
  std::string wanted_; ///< by a rule for the variable's name
  std::vector<Candidate> candidates_;
  Selection selection_;
};

} // namespace

Selection select_allocator(const Registry& registry, const AllocatorVariable& variable,
                           const btf::Types& kernel, const config::Config& config) {
  AllocatorSelector selector(variable, kernel, config);
  for (const Plugin& plugin : registry.plugins())
    if (plugin.usable()) selector.look_at(plugin);
  return selector.run();
}

} // namespace mapscope::plugin
