// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/source_lines.hpp"

#include "host/base/counted.hpp"
#include "host/plugin/check/targets.hpp"
#include "host/plugin/select/needs.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace mapscope::plugin {

namespace {

using Verdict = RuleResult::Verdict;
using End = TargetResult::End;

/// Of some targets together.
struct Sum {
  std::map<std::string, std::size_t> sorts;
  std::map<End, std::size_t> ends;
  std::uint64_t entries = 0;

  void add(const SourceTarget& target, const TargetResult& result) {
    ++sorts[target.sort], ++ends[result.end];
    entries += result.entries;
  }
  [[nodiscard]] std::size_t all() const {
    std::size_t number = 0;
    for (const auto& [end, count] : ends) number += count;
    return number;
  }
  /// "12 targets (10 hash, 2 array): 11 rendered completely, 1 in part, 4012 entries"
  [[nodiscard]] std::string words() const {
    std::vector<std::string> list;
    for (const auto& [sort, count] : sorts) list.push_back(fmt::format("{} {}", count, sort));
    const auto number = [&](End end) { return ends.contains(end) ? ends.at(end) : 0; };
    std::string text = fmt::format("it gets {} ({}): {} rendered completely", counted(all(), "target"),
                                   fmt::join(list, ", "), number(End::complete));
    if (number(End::in_part) != 0) text += fmt::format(", {} in part", number(End::in_part));
    if (number(End::failed) != 0) text += fmt::format(", {} not", number(End::failed));
    if (number(End::not_run) != 0) text += fmt::format(", {} not run", number(End::not_run));
    return text + ", " + counted(entries, "entry");
  }
};

/// Why a line got nothing.
std::string why_none(const Plugin& plugin, std::size_t at, const SourceTargets& targets,
                     const Environment& environment) {
  const SourceLine& line = targets.lines()[at];
  const Attach& attach = plugin.manifest().attaches[at];
  const std::string needs = missing_need(plugin.manifest(), *environment.kernel, nullptr);
  if (line.stands_by != 0)
    return fmt::format("{} for it, but {} goes before it", counted(line.stands_by, "target"), line.before);
  if (line.matches != 0 && !line.missing.empty())
    return fmt::format("{} for it, but {}", counted(line.matches, "target"), printable(line.missing, 256));
  if (line.matches != 0) return fmt::format("{}, all by other lines", counted(line.matches, "target"));
  if (attach.kind == AttachKind::kernel && !needs.empty()) return "it " + needs;
  return why_nothing(attach, environment, targets.maps());
}

/// Those that an earlier line matches are that line's, and no loss.
bool is_worth_a_warning(const SourceLine& line) {
  return line.matches == 0 || line.stands_by != 0 || !line.missing.empty();
}

} // namespace

std::string words_for_nothing(const Plugin& plugin, const SourceTargets& targets,
                              const Environment& environment) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < targets.lines().size(); ++at)
    lines.push_back(attach_line(plugin.manifest(), at) + ": " + why_none(plugin, at, targets, environment));
  return fmt::format("the source has nothing for it, so it was not run there: {}", fmt::join(lines, "; "));
}

std::vector<RuleResult> words_for_lines(const Plugin& plugin, const SourceTargets& targets,
                                        const Environment& environment,
                                        const std::vector<TargetResult>& results) {
  std::vector<Sum> sums(targets.lines().size());
  Sum all;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const SourceTarget& target = targets.all()[i];
    sums[target.choices.front().attach].add(target, results[i]);
    all.add(target, results[i]);
  }
  std::vector<RuleResult> words;
  for (std::size_t at = 0; at < sums.size(); ++at) {
    const bool has_some = sums[at].all() != 0;
    words.push_back({"P17",
                     has_some || !is_worth_a_warning(targets.lines()[at]) ? Verdict::pass : Verdict::warning,
                     attach_line(plugin.manifest(), at) + ": " +
                         (has_some ? sums[at].words() : why_none(plugin, at, targets, environment))});
  }
  if (sums.size() > 1) words.push_back({"P17", Verdict::pass, "in all " + all.words()});
  return words;
}

} // namespace mapscope::plugin
