// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/attach_line.hpp"

#include "host/plugin/verify/manifest_words.hpp"
#include "host/plugin/verify/map_types.hpp"

#include <fmt/ranges.h>
#include <utility>

namespace mapscope::plugin {

namespace {

constexpr std::size_t longest_pattern = 64, most_conditions = 4;

/// In the order of the enumerators.
constexpr std::array<std::string_view, 6> attach_kinds = {"allocator",  "map-name", "value-type",
                                                          "struct-ops", "map-type", "kernel"};

/// Where the next option or condition begins: at a blank, since a type may have blanks of its own.
std::size_t next_part(std::string_view text, std::size_t from) {
  std::size_t next = text.size();
  for (const std::string_view option : {" var=", " prio=", " mode="})
    next = std::min(next, text.find(option, from));
  for (const std::string_view kind : attach_kinds)
    next = std::min(next, text.find(fmt::format(" {}:", kind), from));
  return next;
}

std::string_view take_part(std::string_view& text) {
  const std::size_t end = next_part(text, 1);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end);
  return part;
}

/// A class like [ab] would be taken as five characters of a name, which nobody who writes it means. A type
/// may be an array and have a blank.
bool is_pattern(std::string_view pattern, AttachKind kind) {
  const bool of_type = kind == AttachKind::value_type || kind == AttachKind::struct_ops;
  const std::string_view foreign = of_type ? "{}\\" : "{}\\[] ";
  return !pattern.empty() && pattern.size() <= longest_pattern && !pattern.starts_with(' ') &&
         !pattern.ends_with(' ') && pattern.find_first_of(foreign) == pattern.npos;
}

/// A name without * and ? is one type's, and a wrong one would never match anything.
Result<void> check_map_type(std::string_view line, std::string_view pattern) {
  if (pattern.find_first_of("*?") != pattern.npos || is_map_type(pattern)) return {};
  const std::string meant = nearest_map_type(pattern);
  return wrong("attach", line,
               "no map type is called \"{}\"{}; a type newer than this mapscope is type_N by "
               "its number, such as type_40",
               pattern, meant.empty() ? "" : fmt::format(" (did you mean {}?)", meant));
}

/// KIND:PATTERN[,PATTERN]
Result<AttachCondition> parse_condition(std::string_view line, std::string_view part) {
  const std::size_t colon = std::min(part.find(':'), part.size());
  const auto kind = enumerator<AttachKind>(attach_kinds, part.substr(0, colon));
  if (colon == part.size() || !kind)
    return wrong("attach", line, "expected KIND:PATTERN with a KIND of {}", fmt::join(attach_kinds, ", "));
  AttachCondition condition{*kind, {}};
  for (const std::string_view pattern : split(part.substr(colon + 1), ',')) {
    if (const auto equal = pattern.find('='); equal != pattern.npos)
      return wrong("attach", line, "\"{}\" is no option; there are var=, prio= and mode=",
                   pattern.substr(pattern.rfind(' ', equal) + 1));
    if (!is_pattern(pattern, *kind))
      return wrong("attach", line, "\"{}\" is no pattern: 1 to {} bytes of a name, * and ?", pattern,
                   longest_pattern);
    if (*kind == AttachKind::map_type)
      if (auto known = check_map_type(line, pattern); !known) return std::unexpected(known.error());
    condition.patterns.emplace_back(pattern);
  }
  const bool is_name = condition.patterns.size() == 1 && is_identifier(condition.patterns[0]);
  if (*kind == AttachKind::kernel && !is_name)
    return wrong("attach", line, "kernel: takes one name of letters, digits and _");
  return condition;
}

/// The most specific condition gives the line its rank; the others must hold as well.
Result<void> take_conditions(std::string_view line, std::string_view& rest, Attach& attach) {
  std::vector<AttachCondition> all;
  const auto is_option = [&] {
    return rest.starts_with(" var=") || rest.starts_with(" prio=") || rest.starts_with(" mode=");
  };
  do {
    auto condition = parse_condition(line, take_part(rest).substr(all.empty() ? 0 : 1));
    if (!condition) return std::unexpected(std::move(condition.error()));
    all.push_back(std::move(*condition));
  } while (!rest.empty() && !is_option());
  if (all.size() > most_conditions)
    return wrong("attach", line, "at most {} conditions are taken", most_conditions);
  const bool stands_alone = std::ranges::any_of(all, [](const AttachCondition& condition) {
    return condition.kind == AttachKind::allocator || condition.kind == AttachKind::kernel;
  });
  if (stands_alone && all.size() > 1)
    return wrong("attach", line, "allocator: and kernel: take no further condition");
  const auto first = std::ranges::min_element(all, {}, &AttachCondition::kind);
  attach.kind = first->kind, attach.patterns = std::move(first->patterns);
  all.erase(first);
  attach.also = std::move(all);
  return {};
}

struct Seen {
  bool var = false, prio = false, mode = false;
};

Result<void> take_option(std::string_view line, std::string_view part, Attach& attach, Seen& seen) {
  const std::size_t equal = std::min(part.find('='), part.size());
  const std::string_view name = part.substr(0, equal), value = part.substr(std::min(equal + 1, part.size()));
  if (name == "var") {
    if (std::exchange(seen.var, true) || !is_type(value))
      return wrong("attach", line, "var= takes one type like \"struct x\", not \"{}\"", value);
    attach.variable_type = value;
  } else if (name == "mode") {
    if (std::exchange(seen.mode, true) || value != "element")
      return wrong("attach", line, "mode= is \"element\" or not there, not \"{}\"", value);
    attach.mode = AttachMode::element;
  } else if (name == "prio") {
    const auto priority = decimal<int>(value);
    if (std::exchange(seen.prio, true) || !priority)
      return wrong("attach", line, "prio= takes one whole number, not \"{}\"", value);
    attach.priority = *priority;
  } else {
    return wrong("attach", line, "\"{}\" stands behind the options var=, prio= and mode=", part);
  }
  return {};
}

Result<void> check_whole(std::string_view line, const Attach& attach) {
  if ((attach.kind == AttachKind::allocator) == attach.variable_type.empty())
    return wrong("attach", line,
                 "var= is the type of an allocator's variable: every allocator: has it, nothing else");
  const bool is_for_maps = attach.kind != AttachKind::allocator && attach.kind != AttachKind::kernel;
  if (attach.mode == AttachMode::element && !is_for_maps)
    return wrong("attach", line, "mode=element is for the elements of maps");
  return {};
}

} // namespace

Result<Attach> parse_attach(std::string_view line) {
  Attach attach;
  std::string_view rest = line;
  if (auto taken = take_conditions(line, rest, attach); !taken) return std::unexpected(taken.error());
  Seen seen;
  while (!rest.empty())
    if (auto taken = take_option(line, take_part(rest).substr(1), attach, seen); !taken)
      return std::unexpected(taken.error());
  if (auto checked = check_whole(line, attach); !checked) return std::unexpected(checked.error());
  return attach;
}

std::string attach_text(const Attach& attach) {
  const auto text = [](AttachKind kind, const std::vector<std::string>& patterns) {
    return fmt::format("{}:{}", attach_kind_name(kind), fmt::join(patterns, ","));
  };
  std::string all = text(attach.kind, attach.patterns);
  for (const AttachCondition& condition : attach.also) all += " " + text(condition.kind, condition.patterns);
  if (!attach.variable_type.empty()) all += " var=" + attach.variable_type;
  if (attach.priority != 0) all += fmt::format(" prio={}", attach.priority);
  return all + (attach.mode == AttachMode::element ? " mode=element" : "");
}

std::string_view attach_kind_name(AttachKind kind) { return attach_kinds[static_cast<std::size_t>(kind)]; }

} // namespace mapscope::plugin
