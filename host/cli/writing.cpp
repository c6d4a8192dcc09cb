// SPDX-License-Identifier: Apache-2.0
#include "host/cli/writing.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace mapscope::cli {

namespace {

/// Who wants to see three entries expects a few screens, and each of the three as far as those hold it.
std::uint64_t inside_for(std::uint64_t limit) {
  constexpr std::uint64_t least = 16;
  return limit == 0 ? 0 : std::max(limit, least);
}

report::Options report_options(const DumpOptions& options, const config::Report& settings,
                               const Terminal& terminal) {
  report::Options out;
  out.pretty = options.pretty;
  out.big_numbers_as_strings = settings.big_numbers == "string";
  out.arena_bytes = settings.arena_bytes;
  out.inside = options.full ? 0 : settings.inside;
  out.full = options.full, out.zeros = options.zeros;
  out.color = terminal.colored(options.color);
  constexpr unsigned narrowest = 20; // below that nothing is a table
  if (terminal.columns != 0) out.width = std::max(terminal.columns, narrowest);
  return out;
}

} // namespace

std::vector<std::string> sets_of(const DumpOptions& options) {
  std::vector<std::string> sets;
  const bool says_inside = std::ranges::any_of(
      options.sets, [](const std::string& set) { return set.starts_with("report.inside"); });
  if (options.limit) sets.push_back(fmt::format("report.limit={}", *options.limit));
  if (options.limit && !says_inside)
    sets.push_back(fmt::format("report.inside={}", inside_for(*options.limit)));
  if (options.isolate) sets.push_back(fmt::format("plugins.isolate=\"{}\"", *options.isolate));
  return sets;
}

void suit(config::Loaded& loaded, report::Format format) {
  const auto is_open = [&](std::string_view key) {
    const auto set = std::ranges::find(loaded.settings, key, &config::Setting::key);
    return set != loaded.settings.end() && set->origin == "default";
  };
  config::Report& settings = loaded.config.report;
  if (format == report::Format::ndjson && is_open("report.big_numbers")) settings.big_numbers = "string";
  if (format != report::Format::bpftool) return;
  if (is_open("report.limit")) settings.limit = 0;
  if (is_open("report.array_elements")) settings.array_elements = 0;
  if (is_open("report.nodes")) settings.nodes = std::numeric_limits<std::int64_t>::max();
}

pipeline::Request request_of(const DumpOptions& options, const config::Report& settings,
                             const Terminal& terminal) {
  return {.maps = options.maps,
          .not_maps = options.not_maps,
          .only = options.only,
          .format = options.format,
          .writing = report_options(options, settings, terminal),
          .jobs = options.jobs};
}

Result<std::unique_ptr<report::Output>> open_output(const std::string& path) {
  auto standard = report::standard_output();
  if (path.empty()) return standard;
  return report::file_output(path);
}

} // namespace mapscope::cli
