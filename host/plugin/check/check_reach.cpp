// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/check_reach.hpp"

#include "host/plugin/check/targets.hpp"
#include "host/plugin/select/library.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <mapscope/contract.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::plugin {

namespace {

/// Content; what a note or a count says may be all that a plugin does where it finds nothing.
bool shows_something(const testing::Report& report) {
  return std::ranges::any_of(
      report.lines, [](const std::string& line) { return !line.starts_with("note ") && line != "count 0"; });
}

struct Reached {
  std::size_t hosts = 0, showing = 0, given_up = 0;
  std::uint32_t helpers = 0;
  std::string why; ///< it gave up first
};

/// "MSC_EFAIL, "no map of ours""
std::string why_given_up(const testing::Report& report) {
  const auto note =
      std::ranges::find_if(report.lines, [](const std::string& line) { return line.starts_with("note E"); });
  const std::string code = contract::code_name(report.rc);
  if (note == report.lines.end()) return code + ", without a note";
  return fmt::format("{}, \"{}\"", code, printable(note->substr(note->find(' ', 5) + 1), 120));
}

CheckAnswer judged(const std::string& line, const Reached& reached) {
  const std::string asked = fmt::format("{}", fmt::join(testing::helper_names(reached.helpers), ", "));
  const std::string where = fmt::format("{} made-up targets", reached.hosts);
  const bool always_gives_up = reached.given_up == reached.hosts;
  CheckAnswer answer{.kept = true, .text = "", .is_warning = reached.showing == 0 || always_gives_up};
  if (reached.hosts == 0)
    answer.text = fmt::format("{}: matches no map type that there is, so it was not run", line);
  else if (reached.helpers == 0)
    answer.text = fmt::format("{}: render() called no helper on any of {}: nothing behind its first test was "
                              "run, nor checked",
                              line, where);
  else if (always_gives_up)
    answer.text = fmt::format("{}: it gave up on each of {} ({}): what it does when it does not was not "
                              "checked; it called {}",
                              line, where, reached.why, asked);
  else if (reached.showing == 0)
    answer.text = fmt::format("{}: it showed nothing on any of {}, what it does when it finds something was "
                              "not checked; it called {}",
                              line, where, asked);
  else
    answer.text =
        fmt::format("{}: it showed something on {} of {}; it called {}", line, reached.showing, where, asked);
  return answer;
}

} // namespace

CheckAnswer reach(const Plugin& plugin, std::uint32_t attach, const CheckProgress& progress) {
  progress("loading it");
  const auto entry = load(plugin);
  if (!entry) return {false, entry.error().text};
  Reached reached;
  for (const testing::FakeHost& host : hosts_of_line(plugin.manifest(), attach)) {
    progress("on " + host.about);
    const testing::Report report = host.render(**entry);
    ++reached.hosts;
    reached.showing += shows_something(report) ? 1 : 0;
    reached.helpers |= report.helpers;
    if (report.rc >= MSC_OK) continue;
    if (reached.given_up++ == 0) reached.why = why_given_up(report);
  }
  return judged(attach_line(plugin.manifest(), attach), reached);
}

} // namespace mapscope::plugin
