// SPDX-License-Identifier: Apache-2.0
#include "host/cli/inputs.hpp"
#include "host/cli/message.hpp"
#include "host/cli/pager.hpp"
#include "host/cli/progress.hpp"
#include "host/cli/terminal.hpp"
#include "host/cli/writing.hpp"
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

/// A report that may still turn out to be not what was asked for: `to` is committed by who knows.
class Uncommitted final : public report::Output {
public:
  explicit Uncommitted(report::Output& to) : to_(to) {}
  Result<void> commit() override { return {}; }

private:
  Result<void> put(std::string_view text) override { return to_.write(text); }
  report::Output& to_;
};

int strictly(std::string shortfall, const std::string& of_chosen) {
  if (!shortfall.empty() && !of_chosen.empty()) shortfall += "; ";
  shortfall += of_chosen;
  if (shortfall.empty()) return exit_ok;
  spdlog::error("--strict: less than complete: {}", shortfall);
  return exit_strict;
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
  Uncommitted uncommitted(**output);
  const auto run = write(*setup, *source, options, request, uncommitted);
  source->tell_troubles();
  if (!run) return complain(run.error());
  if (options.task && page.is_empty()) return complain(page.missing());
  if (auto checked = (*choice)->check(); !checked) return complain(checked.error());
  if (auto committed = (*output)->commit(); !committed) return complain(committed.error());
  if (options.strict) return strictly((*run)->shortfall(), (*choice)->shortfall());
  if (options.format == report::Format::bpftool) // which has no place to say so
    if (const std::string shortfall = (*run)->shortfall(); !shortfall.empty())
      spdlog::warn("less than complete: {}", shortfall);
  return exit_ok;
}

} // namespace mapscope::cli
