// SPDX-License-Identifier: Apache-2.0
// The same report again and again, as what changed: lines on a pipe, in place on a terminal.
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/cli/terminal.hpp"
#include "host/cli/watch_text.hpp"
#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/opened.hpp"
#include "host/pipeline/scope.hpp"

#include <optional>
#include <thread>
#include <unistd.h>

namespace mapscope::cli {

namespace {

using Clock = std::chrono::steady_clock;

/// Takes one report after another of one source.
class Reports {
public:
  Reports(const WatchOptions& options, const pipeline::Setup& setup) : options_(options), setup_(setup) {
    request_.maps = options.maps, request_.not_maps = options.not_maps;
    request_.only = options.only;
    request_.format = report::Format::json;
    request_.jobs = options.jobs;
    request_.writing.arena_bytes = "none";
  }

  /// What a running machine is read through stays open; anything else may be another by now.
  Result<void> open() {
    if (source_ && options_.source() == "live") return source_->look_again(options_);
    source_.reset();
    auto source = pipeline::Opened::open(options_, setup_.loaded.config);
    if (!source) return std::unexpected(source.error());
    source_.emplace(std::move(*source));
    return {};
  }

  /// Comes after open(). Where nothing is left of what is watched there is an empty one, but for the first.
  Result<plain::Snapshot> take() {
    auto taken = report();
    source_->tell_troubles();
    if (taken || is_first_ || taken.error().code != Errc::usage) return is_first_ = false, std::move(taken);
    return plain::Snapshot{};
  }

private:
  Result<plain::Snapshot> report() {
    std::string text;
    const auto output = report::memory_output(text);
    if (auto run = source_->write(setup_, options_, request_, *output); !run)
      return std::unexpected(run.error());
    const auto report = plain::parse(std::move(text));
    if (!report) return std::unexpected(report.error());
    return plain::snapshot_of(*report);
  }

  const WatchOptions& options_;
  const pipeline::Setup& setup_;
  pipeline::Request request_;
  std::optional<pipeline::Opened> source_;
  bool is_first_ = true;
};

Result<void> show(const WatchRound& round, const WatchOptions& options, report::Output& output) {
  const Terminal terminal = Terminal::of(STDOUT_FILENO); // whose size may change
  if (options.json) return output.write(watch_json(round));
  if (terminal.is_there && !terminal.is_dumb) return output.write(watch_screen(round, terminal));
  return output.write(watch_lines(round));
}

/// The clock goes from when a report begins to read: opening the first takes longer than all others.
Result<void> watch_on(Reports& reports, const WatchOptions& options) {
  const auto output = report::standard_output();
  const std::chrono::duration<double> interval(options.interval);
  WatchRound round{.source = options.source(), .interval = options.interval};
  std::optional<plain::Snapshot> before;
  Clock::time_point last;
  for (std::uint64_t number = 0; options.count == 0 || number <= options.count; ++number) {
    if (before) std::this_thread::sleep_until(last + std::chrono::duration_cast<Clock::duration>(interval));
    if (auto opened = reports.open(); !opened) return opened;
    const auto now = Clock::now();
    auto snapshot = reports.take();
    if (!snapshot) return std::unexpected(snapshot.error());
    round.take(before ? &*before : nullptr, *snapshot, std::chrono::duration<double>(now - last).count());
    if (auto shown = show(round, options, *output); !shown) return shown;
    before = std::move(*snapshot);
    last = now;
  }
  return output->commit();
}

} // namespace

int watch(const WatchOptions& options) {
  std::vector<std::string> sets;
  if (options.limit) sets.push_back("report.limit=" + std::to_string(*options.limit));
  auto setup = pipeline::Setup::open(options, sets);
  if (!setup) return complain(setup.error());
  if (auto checked = pipeline::check_specs(options.maps); !checked) return complain(checked.error());
  if (auto checked = pipeline::check_others(options.not_maps); !checked) return complain(checked.error());
  Reports reports(options, *setup);
  if (auto watched = watch_on(reports, options); !watched) return complain(watched.error());
  return exit_ok;
}

} // namespace mapscope::cli
