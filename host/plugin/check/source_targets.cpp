// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/source_targets.hpp"

#include "host/base/counted.hpp"
#include "host/base/nearest.hpp"
#include "host/plugin/allocators.hpp"
#include "host/plugin/select/needs.hpp"
#include "host/plugin/select/select_attach.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::plugin {

namespace {

std::span<const Choice> from_own(const Selection& selection, const Plugin& plugin) {
  const std::span<const Choice> choices(selection.choices);
  const auto own = std::ranges::find(choices, &plugin, &Choice::plugin);
  return {own, choices.end()};
}

/// Decoders are all asked; of the others the first, which finds the elements for those.
bool gets_it(const Selection& selection, std::span<const Choice> own) {
  if (own.empty()) return false;
  return own.front().is_decoder() ||
         std::ranges::find_if_not(selection.choices, &Choice::is_decoder)->plugin == own.front().plugin;
}

std::string words_of(const Choice& choice) {
  return fmt::format("{} ({})", choice.plugin->tag(), printable(choice.why, 120));
}

} // namespace

SourceTargets::~SourceTargets() = default;

SourceTargets::SourceTargets(const Environment& environment, const Plugin& plugin)
    : environment_(environment), plugin_(plugin), allocators_(std::make_unique<Allocators>()),
      lines_(plugin.manifest().attaches.size()) {
  for (const catalog::Map& map : environment.catalog->maps)
    if (map.is_read) look_at(map);
  look_at_allocators();
  look_at_kernel();
}

void SourceTargets::look_at(const catalog::Map& map) {
  ++maps_;
  const auto& attaches = plugin_.manifest().attaches;
  std::vector<std::uint32_t> matching;
  for (std::uint32_t i = 0; i < attaches.size(); ++i)
    if (matches_map(attaches[i], map)) matching.push_back(i);
  SourceTarget target;
  target.name = fmt::format("map {} {} ({})", map.id, printable(map.label()), map.type_name);
  target.sort = map.type_name;
  target.map = &map;
  take(std::move(target), environment_.registry->select(map, *environment_.kernel, *environment_.config),
       std::move(matching));
}

void SourceTargets::look_at_allocators() {
  find_allocators(environment_, *environment_.registry, *environment_.catalog, *allocators_);
  std::size_t place = 0;
  for (const FoundAllocator& found : allocators_->found) {
    SourceTarget target;
    target.name = fmt::format("allocator {}", printable(found.variable.name));
    target.sort = "allocator", target.sort_of = SourceTarget::Sort::allocator;
    target.map = found.variable.section;
    target.variable = place++;
    take(std::move(target), found.selection, {});
  }
}

void SourceTargets::look_at_kernel() {
  for (auto& part : environment_.registry->kernel_targets(*environment_.kernel, *environment_.config)) {
    SourceTarget target;
    target.name = printable(part.name), target.sort = "part of the kernel";
    target.sort_of = SourceTarget::Sort::kernel;
    target.map = &none_;
    take(std::move(target), part.selection, {});
  }
}

/// `matching`: the lines that match a map; of what is no map the selection knows.
void SourceTargets::take(SourceTarget target, const Selection& selection,
                         std::vector<std::uint32_t> matching) {
  const bool is_ours = !from_own(selection, plugin_).empty();
  if (!is_ours && matching.empty()) return;
  const Selection& kept = selections_.emplace_back(selection);
  auto own = from_own(kept, plugin_);
  if (is_ours && matching.empty()) matching.push_back(own.front().attach);
  for (const std::uint32_t line : matching) ++lines_[line].matches;
  const std::uint32_t at = is_ours ? own.front().attach : matching.front();
  SourceLine& line = lines_[at];
  if (gets_it(kept, own)) {
    if (target.sort_of == SourceTarget::Sort::kernel) own = own.first(1); // nobody adds to it
    target.choices = own;
    all_.push_back(std::move(target));
    return;
  }
  if (!is_ours && line.missing.empty()) line.missing = kept.reason;
  if (!is_ours) return;
  ++line.stands_by;
  const auto first = std::ranges::find_if_not(kept.choices, &Choice::is_decoder);
  if (line.before.empty()) line.before = words_of(*first);
}

namespace {

/// One of the things that are there, each once, and what is probably meant.
class There {
public:
  void add(const std::string& subject) {
    if (!subject.empty() && std::ranges::find(subjects_, subject) == subjects_.end())
      subjects_.push_back(subject);
  }
  [[nodiscard]] std::string words(const std::vector<std::string>& patterns, std::string_view sort) const {
    for (std::string pattern : patterns) {
      std::erase(pattern, '*');
      if (const std::string near = nearest(pattern, subjects_); !near.empty())
        return fmt::format("; the nearest {} that there is: {}", sort, printable(near));
    }
    if (subjects_.empty()) return fmt::format("; no map has a {}", sort);
    const std::size_t shown = std::min(subjects_.size(), most_shown);
    std::vector<std::string> names(shown);
    std::transform(subjects_.begin(), subjects_.begin() + static_cast<std::ptrdiff_t>(shown), names.begin(),
                   [](const std::string& subject) { return printable(subject); });
    const std::size_t more = subjects_.size() - shown;
    return fmt::format("; {}s that there are: {}{}", sort, fmt::join(names, ", "),
                       more == 0 ? "" : fmt::format(" and {} more", more));
  }

private:
  static constexpr std::size_t most_shown = 6;
  std::vector<std::string> subjects_;
};

std::string_view sort_words(AttachKind kind) {
  switch (kind) {
  case AttachKind::allocator:
    return "variable";
  case AttachKind::map_name:
    return "map name";
  case AttachKind::value_type:
    return "value type";
  case AttachKind::struct_ops:
    return "struct_ops type";
  case AttachKind::map_type:
    return "map type";
  case AttachKind::kernel:
    return "part of the kernel";
  }
  return "";
}

std::string words_for(const AttachCondition& condition, const Environment& environment) {
  There there;
  for (const catalog::Map& map : environment.catalog->maps)
    if (map.is_read) there.add(attach_subject(condition.kind, map));
  return there.words(condition.patterns, sort_words(condition.kind));
}

bool is_met(const AttachCondition& condition, const Environment& environment) {
  return std::ranges::any_of(environment.catalog->maps, [&](const catalog::Map& map) {
    return map.is_read && matches_map(condition, map);
  });
}

std::string why_no_allocator(const Attach& attach, const Environment& environment) {
  There there;
  for (const auto& variable :
       find_allocators(*environment.registry, *environment.catalog, *environment.kernel))
    if (variable.section->types->spell(variable.type) == attach.variable_type) there.add(variable.name);
  const std::string none = fmt::format("no variable of type {} has this name", attach.variable_type);
  if (there.words({}, "").starts_with("; no map"))
    return fmt::format("the data sections have no variable of type {}", attach.variable_type);
  return none + there.words(attach.patterns, "variable");
}

} // namespace

std::string why_nothing(const Attach& attach, const Environment& environment, std::size_t maps) {
  if (attach.kind == AttachKind::allocator) return why_no_allocator(attach, environment);
  if (attach.kind == AttachKind::kernel) return "this kernel has no such part";
  const std::string none = fmt::format("none of the {}", counted(maps, "map"));
  std::vector<AttachCondition> conditions = attach.also;
  conditions.insert(conditions.begin(), attach);
  for (const AttachCondition& condition : conditions)
    if (!is_met(condition, environment)) return none + words_for(condition, environment);
  return none + " meets all of its conditions, though some meet each";
}

} // namespace mapscope::plugin
