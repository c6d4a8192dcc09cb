// SPDX-License-Identifier: Apache-2.0
// The order of those that claim one thing, best first.
// Where the newest of one id wins, it stands for all of them in the order, and the older ones right behind
// it.
//
// Refuses: to decide between equals that nobody has put in order. They are left out, whatever stands behind
// them shows the thing; where one of them is the program's own, that one does. Thread rule: pure.
#pragma once

#include "host/plugin/select/registry.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>
#include <vector>

namespace mapscope::plugin {

/// Who ties, as text.
struct Tied {
  std::string tags;      ///< "a.one@1.0.0 and b.two@1.0.0"
  std::string preferred; ///< the id of one that a person may want: not the program's own, that is the default
  std::string why;       ///< what they all claim it with
  std::size_t count = 0;
};

struct Ranking {
  std::vector<Choice> choices;
  std::optional<Tied> tied; ///< that nobody stood before
};

/// Candidate: a `choice`, and a rank() of which less is better.
template <class Candidate> Tied tied_of(std::span<const Candidate> group) {
  std::vector<std::string> tags;
  const Plugin* preferred = group.front().choice.plugin;
  for (const Candidate& candidate : group) {
    tags.push_back(candidate.choice.plugin->tag());
    if (preferred->built_in) preferred = candidate.choice.plugin;
  }
  return {fmt::format("{}", fmt::join(tags, " and ")), preferred->manifest().id, group.front().choice.why,
          group.size()};
}

/// Takes those out that an earlier one of their id stands for; candidates come in the registry's order.
template <class Candidate> std::vector<Choice> take_older(std::vector<Candidate>& candidates) {
  std::vector<Choice> older;
  const Plugin* before = nullptr;
  std::erase_if(candidates, [&](const Candidate& candidate) {
    const Plugin* plugin = candidate.choice.plugin;
    const bool is_older = before != nullptr && before->manifest().id == plugin->manifest().id;
    if (is_older) older.push_back(candidate.choice);
    before = plugin;
    return is_older;
  });
  return older;
}

template <class Candidate> Ranking ranked(std::vector<Candidate> candidates) {
  const std::vector<Choice> older = take_older(candidates);
  std::ranges::stable_sort(candidates, {}, &Candidate::rank);
  const auto is_own = [](const Candidate& candidate) { return candidate.choice.plugin->built_in; };
  const auto is_newer = [](const Plugin& plugin, const Choice& older) {
    return plugin.manifest().id == older.plugin->manifest().id;
  };
  Ranking ranking;
  for (auto group = candidates.begin(); group != candidates.end();) {
    const auto end = std::find_if(group, candidates.end(),
                                  [&](const Candidate& other) { return other.rank() != group->rank(); });
    const bool is_tie = end - group > 1;
    if (is_tie && ranking.choices.empty() && !ranking.tied)
      ranking.tied = tied_of(std::span<const Candidate>(group, end));
    if (!is_tie || std::count_if(group, end, is_own) == 1)
      ranking.choices.push_back(std::move((is_tie ? std::find_if(group, end, is_own) : group)->choice));
    for (const Choice& choice : older)
      if (std::any_of(group, end, [&](const Candidate& c) { return is_newer(*c.choice.plugin, choice); }) &&
          (!is_tie || choice.plugin->built_in))
        ranking.choices.push_back(choice);
    group = end;
  }
  return ranking;
}

} // namespace mapscope::plugin
