// SPDX-License-Identifier: Apache-2.0
#include "host/cli/inputs.hpp"
#include "host/cli/kernel_targets.hpp"
#include "host/cli/map_filter.hpp"
#include "host/cli/message.hpp"
#include "host/cli/outcomes.hpp"
#include "host/cli/progress.hpp"
#include "host/cli/session.hpp"
#include "host/cli/slips.hpp"
#include "host/cli/strict.hpp"
#include "host/cli/terminal.hpp"
#include "host/plugin/allocators.hpp"
#include "host/plugin/worker/workers.hpp"
#include "host/report/draft.hpp"
#include "host/report/findings.hpp"
#include "host/report/ordered.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <spdlog/spdlog.h>
#include <thread>
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

report::Options report_options(const DumpOptions& options, const config::Report& settings,
                               const Terminal& terminal) {
  report::Options out;
  out.pretty = options.pretty;
  out.big_numbers_as_strings = settings.big_numbers == "string";
  out.arena_bytes = settings.arena_bytes;
  out.inside = settings.inside;
  out.color = terminal.colored(options.color);
  if (terminal.columns >= 40) out.width = terminal.columns;
  return out;
}

report::Meta meta_of(const Session& session) {
  const auto& target = *session.target;
  return {.version = MAPSCOPE_VERSION,
          .source_kind = std::string(session.source->format()),
          .release = std::string(target.release()),
          .arch = std::string(target.arch()),
          .page_size = target.page_size(),
          .kaslr_offset = target.kaslr_offset(),
          .cpus = static_cast<std::uint32_t>(target.per_cpu().possible().size()),
          .excluded_bytes = session.source->left_out_bytes()};
}

btf::Limits limits_of(const config::Report& report, const Session& session) {
  static_assert(config::Report::deepest == btf::Limits::deepest);
  return {.depth = report.depth,
          .elements = report.array_elements != 0 ? report.array_elements : UINT32_MAX,
          .nodes = report.nodes,
          .cpus = session.target->per_cpu().count()};
}

/// What this thread has computed so far; waiting for its turn does not count.
double thread_ms() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e3 + static_cast<double>(spent.tv_nsec) / 1e6;
}

/// One run of the command: who renders what, and what came of it.
class Dump {
public:
  Dump(const DumpOptions& options, const Setup& setup, const Session& session,
       std::vector<const catalog::Map*> maps, const Terminal& terminal)
      : options_(options), setup_(setup), session_(session), maps_(std::move(maps)), outcomes_(maps_.size()),
        seen_(maps_.size()), selections_(maps_.size()), report_budget_(setup.loaded.config.budget.report),
        report_options_(report_options(options, setup.loaded.config.report, terminal)) {
    const auto& report = setup.loaded.config.report;
    environment_ = {session.target.get(),
                    session.kernel,
                    &setup.loaded.config,
                    limits_of(report, session),
                    session.symbols.get(),
                    session.families.get(),
                    nullptr,
                    &report_budget_,
                    &quarantine_,
                    &session.catalog,
                    &setup.registry,
                    [](const std::string& text) { spdlog::info("{}", text); }};
  }

  Result<void> write(report::Output& output) {
    report_budget_.leave_out(output);
    OutputStream stream(output);
    const auto meta = meta_of(session_);
    const auto writer = report::make_report_writer(options_.format, report_options_, stream);
    select();
    start_workers();
    read_allocators();
    writer->begin(meta);
    if (options_.maps.empty())
      kernel_targets_.write(options_.format, report_options_, *writer, stream, workers_.get());
    Progress progress(maps_.size());
    report::Ordered work;
    work.count = maps_.size() + allocations_.size();
    work.threads = options_.jobs != 0 ? options_.jobs : std::max(1U, std::thread::hardware_concurrency());
    work.make = [this](std::size_t i, report::Stream& to) {
      if (i < maps_.size())
        render(i, to);
      else
        list_slots(*allocations_[i - maps_.size()], to);
    };
    work.before = [&](std::size_t i) {
      if (i >= maps_.size()) return writer->before_allocator();
      progress.at(i);
      writer->before_map();
    };
    if (auto written = report::run_ordered(output, work); !written) return written;
    writer->end(programs(), plugin_uses(), findings());
    if (!stream.result()) return stream.result();
    return output.commit();
  }

  /// What of the report is less than complete; "" where nothing is.
  [[nodiscard]] std::string shortfall() const {
    Shortfall of_maps("map"), of_allocators("allocator");
    for (std::size_t i = 0; i < maps_.size(); ++i)
      of_maps.add(outcomes_[i].status, fmt::format("map {}, {}", maps_[i]->id, maps_[i]->label()));
    for (const auto* allocation : allocations_)
      of_allocators.add(allocation->outcome.status, allocation->name);
    std::vector<std::string> parts = {of_maps.text(), of_allocators.text(),
                                      why_maps_may_lack(session_.catalog, options_.maps)};
    if (!kernel_targets_.all_complete()) parts.emplace_back("a part of the kernel that is no map");
    std::erase(parts, "");
    return fmt::format("{}", fmt::join(parts, "; "));
  }

private:
  /// The report's own text beside the maps; the first error is kept.
  class OutputStream final : public report::Stream {
  public:
    explicit OutputStream(report::Output& output) : output_(output) {}
    void append(std::string_view text) override {
      if (result_) result_ = output_.write(text);
    }
    [[nodiscard]] const Result<void>& result() const { return result_; }

  private:
    report::Output& output_;
    Result<void> result_;
  };

  /// Those whose section is among the maps that are shown.
  void list_allocations() {
    for (report::Allocation& allocation : allocators_.allocations)
      if (std::ranges::find(maps_, allocation.section) != maps_.end()) allocations_.push_back(&allocation);
  }

  void list_slots(report::Allocation& allocation, report::Stream& to) const {
    const auto writer = report::make_map_writer(options_.format, report_options_, to);
    report::AllocationContext context;
    context.target = environment_.target, context.kernel = environment_.kernel;
    context.symbols = environment_.symbols, context.limits = environment_.limits;
    context.following.families = environment_.families;
    context.following.slots = environment_.slots;
    context.following.inside = environment_.config->report.inside;
    context.entries = environment_.config->report.limit;
    allocation.outcome = report::write_allocation(allocation, context, *writer);
  }

  void read_allocators() {
    plugin::run_allocators(environment_, allocators_, workers_.get());
    environment_.slots = &allocators_.slots;
    list_allocations();
  }

  void select() {
    if (options_.maps.empty()) kernel_targets_.select();
    plugin::find_allocators(environment_, setup_.registry, session_.catalog, allocators_);
    for (std::size_t i = 0; i < maps_.size(); ++i)
      if (maps_[i]->is_read)
        selections_[i] = setup_.registry.select(*maps_[i], *session_.kernel, setup_.loaded.config);
    tell_slips(setup_.loaded.config.maps, session_.catalog, allocators_);
    tell_ties();
  }

  static constexpr std::size_t most_ties = 3; ///< one plugin that claims a type may tie for a hundred maps

  void tell_ties(std::vector<report::Finding>& findings) const {
    std::size_t ties = 0;
    for (std::size_t i = 0; i < maps_.size(); ++i)
      if (selections_[i].tie && ++ties <= most_ties)
        findings.push_back(
            {"warning", maps_[i]->id,
             fmt::format("{} is {}: {}", maps_[i]->names().longest(), shown_by(i), selections_[i].reason)});
    if (ties > most_ties)
      findings.push_back(
          {"warning", std::nullopt,
           fmt::format("maps that are claimed twice, beside these: {}; the entry of each says by "
                       "whom",
                       ties - most_ties)});
  }

  [[nodiscard]] std::string shown_by(std::size_t i) const {
    const std::string& renderer = outcomes_[i].renderer;
    return renderer.empty() ? "not shown" : "shown by " + renderer;
  }

  void tell_ties() const {
    std::size_t ties = 0;
    for (std::size_t i = 0; i < maps_.size(); ++i)
      if (selections_[i].tie)
        spdlog::log(++ties <= most_ties ? spdlog::level::warn : spdlog::level::info, "map {} {}: {}",
                    maps_[i]->id, maps_[i]->names().longest(), selections_[i].reason);
    if (ties > most_ties)
      spdlog::warn("maps that are claimed twice, beside these: {}; the report says by whom",
                   ties - most_ties);
  }

  /// Worker processes are copies of this one: all must be open, and no thread be there yet.
  void start_workers() {
    auto all = selections_;
    for (const auto& target : kernel_targets_.targets()) all.push_back(target.selection);
    for (const auto& allocator : allocators_.found) all.push_back(allocator.selection);
    auto workers = plugin::Workers::start(environment_, setup_.registry.plugins(), all);
    if (workers)
      workers_ = std::move(*workers);
    else
      spdlog::warn("plugins from elsewhere are not used: {}", workers.error().text);
  }

  void render(std::size_t i, report::Stream& to) {
    const catalog::Map& map = *maps_[i];
    const plugin::Quarantine::Turn turn(quarantine_, i);
    const double begin = thread_ms();
    report::Draft writer(
        [this](report::Stream& text) {
          return report::make_map_writer(options_.format, report_options_, text);
        },
        to);
    writer.begin(map);
    outcomes_[i] = outcome_of(i, map, writer);
    writer.end(outcomes_[i]);
    seen_[i] = writer.seen();
    spdlog::debug("map {} {} took {:.3f} ms of processor time", map.id, map.name, thread_ms() - begin);
    if (!first_done_.exchange(true)) spdlog::info("first map after {:.1f} ms", since_start());
  }

  report::Outcome outcome_of(std::size_t i, const catalog::Map& map, report::DraftWriter& writer) {
    const auto& selection = selections_[i];
    if (selection.choices.empty()) return not_rendered(map, selection);
    auto outcome = plugin::render(environment_, map, selection.choices, writer, workers_.get());
    if (!selection.reason.empty()) outcome.notes.insert(outcome.notes.begin(), selection.reason);
    return with_record(map, std::move(outcome));
  }

  /// A person who asked for some maps is told of the programs that use them; JSON has all.
  [[nodiscard]] std::vector<catalog::Program> programs() const {
    std::vector<catalog::Program> list = session_.catalog.programs;
    if (options_.maps.empty() || options_.format != report::Format::text) return list;
    std::set<std::uint32_t> users;
    for (const catalog::Map* map : maps_) users.insert(map->programs.begin(), map->programs.end());
    std::erase_if(list, [&](const catalog::Program& program) { return !users.contains(program.id); });
    return list;
  }

  [[nodiscard]] std::vector<report::PluginUse> plugin_uses() const {
    std::map<std::string, report::PluginUse> uses;
    for (const auto& use : kernel_targets_.uses()) uses.emplace(use.id + "@" + use.version, use);
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      const auto& choices = selections_[i].choices;
      const auto used = std::ranges::find_if(choices, [&](const plugin::Choice& choice) {
        return choice.plugin->tag() == outcomes_[i].renderer;
      });
      if (used == choices.end()) continue;
      const auto& manifest = used->plugin->manifest();
      auto& use = uses.try_emplace(used->plugin->tag(), report::PluginUse{manifest.id, manifest.version, 0})
                      .first->second;
      ++use.maps;
    }
    for (const plugin::Plugin* plugin : allocators_.used) {
      const auto& manifest = plugin->manifest();
      uses.try_emplace(plugin->tag(), report::PluginUse{manifest.id, manifest.version, 0});
    }
    std::vector<report::PluginUse> list;
    list.reserve(uses.size());
    for (auto& [tag, use] : uses) list.push_back(std::move(use));
    return list;
  }

  [[nodiscard]] std::vector<report::Finding> findings() const {
    std::vector<report::Finding> all = kernel_targets_.findings();
    for (const auto& warning : session_.warnings) all.push_back({"warning", std::nullopt, warning});
    for (const auto& trouble : session_.source->troubles()) all.push_back({"warning", std::nullopt, trouble});
    for (const auto& gap : gaps_about(session_.catalog, maps_)) all.push_back({"warning", std::nullopt, gap});
    std::ranges::copy(allocators_.findings, std::back_inserter(all));
    for (const report::Allocation& allocation : allocators_.allocations)
      if (auto found = report::finding_of(allocation)) all.push_back(std::move(*found));
    tell_ties(all);
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      std::ranges::copy(outcomes_[i].findings, std::back_inserter(all));
      std::ranges::move(report::findings_of(*maps_[i], outcomes_[i], seen_[i]), std::back_inserter(all));
    }
    // All allocators are read, whichever maps are shown: any of them may explain a pointer.
    std::erase_if(all,
                  [&](const report::Finding& finding) { return finding.map && !is_shown(*finding.map); });
    return all;
  }

  [[nodiscard]] bool is_shown(std::uint32_t map) const {
    return std::ranges::find(maps_, map, &catalog::Map::id) != maps_.end();
  }

  [[nodiscard]] double since_start() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - process_start())
        .count();
  }

  const DumpOptions& options_;
  const Setup& setup_;
  const Session& session_;
  std::vector<const catalog::Map*> maps_;
  std::vector<report::Outcome> outcomes_;
  std::vector<report::Seen> seen_;
  plugin::Allocators allocators_;
  std::vector<report::Allocation*> allocations_; ///< that are listed
  std::vector<plugin::Selection> selections_;
  plugin::ReportBudget report_budget_;
  plugin::Quarantine quarantine_;
  report::Options report_options_;
  plugin::Environment environment_;
  KernelTargets kernel_targets_{setup_.registry, environment_};
  std::atomic<bool> first_done_ = false;
  std::unique_ptr<plugin::Workers> workers_;
};

Result<std::unique_ptr<report::Output>> open_output(const std::string& path) {
  auto standard = report::standard_output();
  if (path.empty()) return standard;
  return report::file_output(path);
}

} // namespace

int dump(const DumpOptions& options) {
  if (auto checked = check_output(options.output, inputs_of(options)); !checked)
    return complain(checked.error());
  auto setup = Setup::open(options, sets_of(options));
  if (!setup) return complain(setup.error());
  if (options.limit) // of all maps, also of those that a configuration has a rule for
    for (auto& rule : setup->loaded.config.maps) rule.limit.reset();
  // What is wrong with the command line is said before a dump of many gigabytes is opened.
  if (auto checked = check_specs(options.maps); !checked) return complain(checked.error());
  if (auto checked = check_output(options.output, inputs_of(setup->registry)); !checked)
    return complain(checked.error());
  // Before standard output gets another number.
  const Terminal terminal = options.output.empty() ? Terminal::of(STDOUT_FILENO) : Terminal{};
  auto output = open_output(options.output);
  if (!output) return complain(output.error());
  auto session = Session::open(options, setup->loaded.config);
  if (!session) return complain(session.error());
  auto maps = filter_maps(session->catalog, options.maps);
  if (!maps) return complain(maps.error());
  for (const auto& gap : gaps_about(session->catalog, *maps)) spdlog::warn("{}", gap);
  Dump run(options, *setup, *session, std::move(*maps), terminal);
  const auto written = run.write(**output);
  session->tell_troubles();
  if (!written) return complain(written.error());
  const std::string shortfall = options.strict ? run.shortfall() : "";
  if (shortfall.empty()) return exit_ok;
  spdlog::error("--strict: less than complete: {}", shortfall);
  return exit_strict;
}

} // namespace mapscope::cli
