// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/lookup_report.hpp"

#include "host/pipeline/first_page.hpp"
#include "host/pipeline/lookup_map.hpp"
#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/nowhere.hpp"
#include "host/pipeline/programs.hpp"
#include "host/pipeline/report_facts.hpp"
#include "host/pipeline/shortfall.hpp"

#include "host/base/counted.hpp"
#include "host/report/ordered.hpp"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <set>
#include <spdlog/spdlog.h>
#include <thread>

namespace mapscope::pipeline {

namespace {

constexpr const char* no_single_moment =
    "seen by look-ups alone (bpf(2)), one map after the other and while they changed: the report is of no "
    "single moment, and of no map it is the state at one; nor need a value be that was written to meanwhile";

LookupContext context_of(const Setup& setup, const LookupSource& source, const config::Config& config) {
  return {source.listing, config, source.given.objects(),
          limits_of(setup.loaded.config.report, source.listing.cpus.count())};
}

/// What a report of memory shows beside the maps; "" where it is nothing.
std::string unseen_parts(const Setup& setup, const LookupSource& source) {
  if (!source.listing.kernel) return "";
  std::vector<std::string> names;
  for (auto& target : setup.registry.kernel_targets(*source.listing.kernel, setup.loaded.config))
    names.push_back("kernel:" + std::move(target.name));
  if (names.empty()) return "";
  return fmt::format("parts of the kernel that are no maps cannot be had by look-ups, and are not shown: {}; "
                     "--via peek shows them",
                     fmt::join(names, ", "));
}

} // namespace

Result<Scope> scope_of(const LookupSource& source, const std::vector<std::string>& specs,
                       const std::vector<std::string>& others) {
  for (const std::string& spec : specs)
    if (names_part(spec))
      return fail(Errc::usage, fmt::format("--map {}: parts of the kernel are read from memory, and look-ups "
                                           "alone (--via bpf) show maps",
                                           spec));
  auto maps = filter_maps(source.listing.catalog, specs, {});
  if (!maps) return std::unexpected(std::move(maps.error()));
  std::vector<std::string> of_maps;
  std::ranges::remove_copy_if(others, std::back_inserter(of_maps),
                              [](const std::string& spec) { return names_part(spec); });
  Scope scope{std::move(*maps), {}, {}};
  if (auto left = leave_out(scope, source.listing.catalog, {}, of_maps); !left)
    return std::unexpected(std::move(left.error()));
  return scope;
}

std::string foreign_plugins(const Setup& setup, const LookupSource& source,
                            const std::vector<const catalog::Map*>& maps) {
  std::set<std::string> tags;
  std::uint64_t concerned = 0;
  for (const catalog::Map* map : maps) {
    if (!map->is_read || !source.listing.kernel) continue;
    const auto selection = setup.registry.select(*map, *source.listing.kernel, setup.loaded.config);
    bool any = false;
    for (const plugin::Choice& choice : selection.choices)
      if (!choice.plugin->built_in) any = true, tags.insert(choice.plugin->tag());
    concerned += any ? 1 : 0;
  }
  if (tags.empty()) return "";
  return fmt::format("plugins need the kernel's memory and do not run over look-ups: {} {} without {}; "
                     "--via peek runs them",
                     counted(concerned, "map"), concerned == 1 ? "is shown" : "are shown",
                     fmt::join(tags, " and "));
}

ShownMaps count_entries(const Setup& setup, const LookupSource& source,
                        const std::vector<const catalog::Map*>& maps) {
  config::Config counting = setup.loaded.config;
  counting.report.limit = 1; // one is decoded, the others are only walked over
  for (auto& rule : counting.maps) rule.limit.reset();
  Nowhere nowhere;
  ShownMaps shown;
  for (const catalog::Map* map : maps) {
    ShownMap one{map, {}, {}, {}};
    one.outcome = show_lookups(context_of(setup, source, counting), *map, nowhere);
    if (one.outcome.status == report::Status::truncated) one.outcome.status = report::Status::complete;
    one.selection.reason = one.outcome.renderer.empty() ? one.outcome.error : "look-ups by bpf(2)";
    shown.push_back(std::move(one));
  }
  return shown;
}

LookupReport::LookupReport(const Setup& setup, const LookupSource& source, const Request& request)
    : setup_(setup), source_(source), request_(request),
      writing_(with_names(request.writing, source.listing.catalog.programs)) {}

Result<void> LookupReport::choose() {
  if (!request_.only.empty())
    return fail(Errc::usage, fmt::format("--only {}: no plugin renders anything of look-ups alone (--via "
                                         "bpf); leave it away",
                                         request_.only));
  const auto scope = scope_of(source_, request_.maps, request_.not_maps);
  if (!scope) return std::unexpected(scope.error());
  for (const catalog::Map* map : scope->maps) maps_.push_back({map, {}, {}, {}});
  writing_.one_map = request_.maps.size() == 1 && maps_.size() == 1;
  foreign_ = foreign_plugins(setup_, source_, scope->maps);
  if (!foreign_.empty()) spdlog::warn("{}", foreign_);
  return {};
}

Result<void> LookupReport::write(report::Output& output, const Hooks& hooks) {
  plugin::ReportBudget budget(setup_.loaded.config.budget.report);
  budget.leave_out(output);
  OutputStream stream(output);
  const auto meta =
      meta_of(source_.listing, request_, context_of(setup_, source_, setup_.loaded.config).limits);
  const auto writer = report::make_report_writer(request_.format, writing_, stream);
  const auto tell_overview = [&] {
    const auto lines = map_lines(maps_);
    const auto found = findings();
    writer->overview({found, {}, lines, source_.listing.catalog.programs});
  };
  const Pages pages{.begin = [&] { writer->begin(meta); },
                    .overview = tell_overview,
                    .rest = [&](report::Output& to) { return write_maps(to, *writer, budget, hooks); }};
  if (auto written = write_pages(request_.format, output, stream, pages); !written) return written;
  writer->end(programs(), uses(), findings());
  if (!stream.result()) return stream.result();
  return output.commit();
}

Result<void> LookupReport::write_maps(report::Output& output, report::ReportWriter& writer,
                                      const plugin::ReportBudget& budget, const Hooks& hooks) {
  std::atomic<bool> first_done = false;
  report::Ordered work;
  work.count = maps_.size();
  work.threads = request_.jobs != 0 ? request_.jobs : std::max(1U, std::thread::hardware_concurrency());
  work.make = [&](std::size_t i, report::Stream& to) {
    render(maps_[i], budget, to);
    if (!first_done.exchange(true)) hooks.first_done();
  };
  work.before = [&](std::size_t i) {
    hooks.before_map(i, maps_.size());
    writer.before_map();
  };
  return report::run_ordered(output, work);
}

void LookupReport::render(ShownMap& shown, const plugin::ReportBudget& budget, report::Stream& to) const {
  auto plain = report::make_map_writer(request_.format, writing_, to);
  if (request_.around) plain = request_.around(std::move(plain));
  report::Watch watch(*plain);
  auto context = context_of(setup_, source_, setup_.loaded.config);
  context.rest = budget.rest();
  watch.begin(*shown.map);
  shown.outcome = show_lookups(context, *shown.map, watch);
  watch.end(shown.outcome);
  shown.seen = watch.seen();
}

std::vector<report::Finding> LookupReport::findings() const {
  std::vector<report::Finding> all = {{"info", std::nullopt, no_single_moment}};
  for (const std::string& warning : source_.warnings) all.push_back({"warning", std::nullopt, warning});
  if (auto parts = request_.is_for_all() ? unseen_parts(setup_, source_) : ""; !parts.empty())
    all.push_back({"info", std::nullopt, std::move(parts)});
  if (!foreign_.empty()) all.push_back({"warning", std::nullopt, foreign_});
  for (const ShownMap& shown : maps_)
    std::ranges::move(report::findings_of(*shown.map, shown.outcome, shown.seen), std::back_inserter(all));
  return all;
}

std::vector<report::PluginUse> LookupReport::uses() const {
  const auto shown =
      std::ranges::count_if(maps_, [](const auto& map) { return !map.outcome.renderer.empty(); });
  if (shown == 0) return {};
  return {{lookup_renderer, MAPSCOPE_VERSION, static_cast<std::uint32_t>(shown)}};
}

std::vector<catalog::Program> LookupReport::programs() const {
  const auto& all = source_.listing.catalog.programs;
  return request_.is_for_all() || request_.format != report::Format::text ? all : users_of(maps_, all);
}

std::string LookupReport::shortfall() const {
  ShortfallCount count("map");
  for (const ShownMap& shown : maps_)
    count.add(shown.outcome.status, fmt::format("map {}, {}", shown.map->id, shown.map->label()));
  return count.text();
}

} // namespace mapscope::pipeline
