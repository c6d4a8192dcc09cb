// SPDX-License-Identifier: Apache-2.0
#include "host/cli/inputs.hpp"
#include "host/cli/message.hpp"
#include "host/cli/pager.hpp"
#include "host/cli/progress.hpp"
#include "host/cli/terminal.hpp"
#include "host/pipeline/choice.hpp"
#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/only.hpp"
#include "host/pipeline/opened.hpp"
#include "host/pipeline/scope.hpp"
#include "host/pipeline/stack_rows.hpp"
#include "host/pipeline/task_page.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <limits>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace mapscope::cli {

namespace {

/// Who wants to see three entries expects a few screens, and each of the three as far as those hold it.
std::uint64_t inside_for(std::uint64_t limit) {
  constexpr std::uint64_t least = 16;
  return limit == 0 ? 0 : std::max(limit, least);
}

/// Options that are configuration keys by another name.
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

/// What a format's readers expect, where nobody has said otherwise: exact numbers, and maps as a whole.
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

pipeline::Request request_of(const DumpOptions& options, const config::Report& settings,
                             const Terminal& terminal) {
  return {.maps = options.maps,
          .not_maps = options.not_maps,
          .only = options.only,
          .format = options.format,
          .writing = report_options(options, settings, terminal),
          .jobs = options.jobs};
}

Result<void> check_only(const DumpOptions& options, const plugin::Registry& registry) {
  if (options.only.empty()) return {};
  return pipeline::check_only(registry, options.only);
}

double since_start() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - process_start())
      .count();
}

/// What was written.
Result<std::unique_ptr<pipeline::Report>> write(const pipeline::Setup& setup, pipeline::Opened& source,
                                                const DumpOptions& options, const pipeline::Request& request,
                                                report::Output& output) {
  Progress progress;
  const pipeline::Hooks hooks{
      .before_map = [&](std::size_t index, std::size_t count) { progress.at(index, count); },
      .first_done = [] { spdlog::info("first map after {:.1f} ms", since_start()); }};
  return source.write(setup, options, request, output, hooks);
}

int strictly(std::string shortfall, const std::string& of_chosen) {
  if (!shortfall.empty() && !of_chosen.empty()) shortfall += "; ";
  shortfall += of_chosen;
  if (shortfall.empty()) return exit_ok;
  spdlog::error("--strict: less than complete: {}", shortfall);
  return exit_strict;
}

Result<std::unique_ptr<report::Output>> open_output(const std::string& path) {
  auto standard = report::standard_output();
  if (path.empty()) return standard;
  return report::file_output(path);
}

} // namespace

int dump(const DumpOptions& options) {
  Pager pager; // is waited for when all else is gone
  if (auto checked = check_output(options.output, inputs_of(options)); !checked)
    return complain(checked.error());
  auto setup = pipeline::Setup::open(options, sets_of(options));
  if (!setup) return complain(setup.error());
  suit(setup->loaded, options.format);
  if (options.limit) // of all maps, also of those that a configuration has a rule for
    for (auto& rule : setup->loaded.config.maps) rule.limit.reset();
  auto choice = pipeline::Choice::parse(options.entries);
  if (!choice) return complain(choice.error());
  // What is wrong with the command line is said before a dump of many gigabytes is opened.
  if (auto checked = pipeline::check_specs(options.maps); !checked) return complain(checked.error());
  if (auto checked = pipeline::check_others(options.not_maps); !checked) return complain(checked.error());
  if (auto checked = check_only(options, setup->registry); !checked) return complain(checked.error());
  if (auto checked = check_output(options.output, inputs_of(setup->registry)); !checked)
    return complain(checked.error());
  if (auto checked = check_output(options.output, inputs_of(setup->loaded.config)); !checked)
    return complain(checked.error());
  // Before standard output gets another number, or is a pager's.
  const Terminal terminal = options.output.empty() ? Terminal::of(STDOUT_FILENO) : Terminal{};
  if (options.format == report::Format::text && !options.no_pager) pager.start(terminal);
  auto output = open_output(options.output);
  if (!output) return complain(output.error());
  auto source = pipeline::Opened::open(options, setup->loaded.config);
  if (!source) return complain(source.error());
  auto request = request_of(options, setup->loaded.config.report, terminal);
  pipeline::TaskPage page(options.task.value_or(0));
  if (options.task)
    if (auto narrowed = page.narrow(*setup, *source, request); !narrowed) return complain(narrowed.error());
  if (options.entries.any()) (*choice)->narrow(setup->loaded.config, request);
  pipeline::StackRows stacks;
  if (auto added = stacks.add_to(*setup, *source, request); !added) return complain(added.error());
  const auto run = write(*setup, *source, options, request, **output);
  source->tell_troubles();
  if (!run) return complain(run.error());
  if (options.task && page.is_empty()) return complain(page.missing());
  if (auto checked = (*choice)->check(); !checked) return complain(checked.error());
  if (options.strict) return strictly((*run)->shortfall(), (*choice)->shortfall());
  if (options.format == report::Format::bpftool) // which has no place to say so
    if (const std::string shortfall = (*run)->shortfall(); !shortfall.empty())
      spdlog::warn("less than complete: {}", shortfall);
  return exit_ok;
}

} // namespace mapscope::cli
