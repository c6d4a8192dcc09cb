// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_map_frame.hpp"

#include "host/base/display_width.hpp"
#include "host/report/declared.hpp"
#include "host/report/text_value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::report {

namespace {

/// " (task_ctx)"; "" where the type has no name.
std::string type_text(const catalog::Map& map, bool is_key) {
  const std::string name = declared_name(map, is_key);
  return name.empty() ? "" : fmt::format(" ({})", printable(name));
}

/// "sched_wakeup[127]"; by the id alone where nothing tells the name.
std::string program_text(std::uint32_t id, const ProgramNames* names) {
  const auto found = names != nullptr ? names->find(id) : ProgramNames::const_iterator{};
  if (names == nullptr || found == names->end() || found->second.empty())
    return fmt::format("program {}", id);
  return fmt::format("{}[{}]", printable(found->second), id);
}

/// As many as fit on the line, or one, and how many more there are.
std::string users_of(const catalog::Map& map, std::size_t column, const Options& options) {
  constexpr std::size_t before = 10, behind = 6; // ", used by ", " +1234"
  std::string out;
  for (std::size_t i = 0; i < map.programs.size(); ++i) {
    const std::string next = (i == 0 ? "" : ", ") + program_text(map.programs[i], options.programs.get());
    const std::size_t used = column + before + display_width(out) + display_width(next) + behind;
    if (i != 0 && used > options.width && !options.full)
      return out + fmt::format(" +{}", map.programs.size() - i);
    out += next;
  }
  return out;
}

std::string alert(Status status, const Options& options) {
  const std::string mark = fmt::format("[{}]", status_name(status));
  return options.color ? "\033[33m" + mark + "\033[0m" : mark;
}

} // namespace

std::string bold_text(const std::string& text, const Options& options) {
  return options.color ? "\033[1m" + text + "\033[0m" : text;
}

std::string map_head(const catalog::Map& map, const Options& options) {
  std::string head = bold_text(fmt::format("map {} {}", map.id, printable(map.label())), options);
  head += map.is_read ? fmt::format("  {}, key {} B{}, value {} B{}, max_entries {}",
                                    printable(map.type_name), key_size_text(map), type_text(map, true),
                                    map.value_size, type_text(map, false), map.max_entries)
                      : "  of unknown type and sizes";
  if (!map.flag_names.empty()) head += fmt::format(", {}", fmt::join(map.flag_names, "|"));
  if (!map.types_from.empty()) head += fmt::format(", types from {}", printable(map.types_from));
  if (map.frozen.value_or(false)) head += ", frozen";
  if (!map.programs.empty()) head += ", used by " + users_of(map, display_width(head), options);
  return head;
}

std::string end_lines(const Outcome& outcome, const Options& options) {
  std::string out;
  const auto line = [&](const std::string& mark, const std::string& text) {
    out += fmt::format("  {}{}{}\n", mark, text.empty() ? "" : " ", printable(text));
  };
  const bool only_cut = outcome.status == Status::truncated;
  if (!outcome.error.empty())
    line(outcome.status == Status::complete ? "note:"
                                            : alert(only_cut ? Status::partial : outcome.status, options),
         outcome.error + (outcome.stands_in ? "; shown by " + outcome.renderer : ""));
  else if (outcome.status != Status::complete && !(only_cut && !outcome.limits.empty()))
    line(alert(outcome.status, options), "");
  for (const std::string& limit : outcome.limits)
    line(fmt::format("[{}]", status_name(Status::truncated)), limit);
  for (const std::string& note : outcome.notes) line("note:", note);
  return out;
}

} // namespace mapscope::report
