// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/report_run.hpp"

#include "host/pipeline/allocations.hpp"

#include "host/pipeline/findings.hpp"
#include "host/pipeline/first_page.hpp"
#include "host/pipeline/gaps.hpp"
#include "host/pipeline/joined_tasks.hpp"
#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/map_outcomes.hpp"
#include "host/pipeline/only.hpp"
#include "host/pipeline/plugin_uses.hpp"
#include "host/pipeline/programs.hpp"
#include "host/pipeline/report_facts.hpp"
#include "host/pipeline/scope.hpp"
#include "host/pipeline/selections.hpp"
#include "host/pipeline/shortfall.hpp"
#include "host/pipeline/slips.hpp"
#include "host/report/divided.hpp"
#include "host/report/draft.hpp"
#include "host/report/held_output.hpp"
#include "host/report/ordered.hpp"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <thread>

namespace mapscope::pipeline {

namespace {

/// The options that say what is not shown.
std::string narrowed_by(const Request& request) {
  std::vector<std::string_view> options;
  if (!request.maps.empty()) options.emplace_back("--map");
  if (!request.not_maps.empty()) options.emplace_back("--not-map");
  if (!request.only.empty()) options.emplace_back("--only");
  return options.empty() ? "--map" : fmt::format("{}", fmt::join(options, " and "));
}

/// What this thread has computed so far; waiting for its turn does not count.
double thread_ms() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e3 + static_cast<double>(spent.tv_nsec) / 1e6;
}

} // namespace

ReportRun::ReportRun(const Setup& setup, const Session& session, const Request& request)
    : setup_(setup), session_(session), request_(request),
      writing_(with_names(request.writing, session.catalog.programs)),
      budget_(setup.loaded.config.budget.report),
      environment_{session.target.get(),
                   session.kernel,
                   &setup.loaded.config,
                   limits_of(setup.loaded.config.report, session),
                   session.symbols.get(),
                   session.families.get(),
                   nullptr,
                   &budget_,
                   &quarantine_,
                   &session.catalog,
                   &setup.registry,
                   [](const std::string& text) { spdlog::info("{}", text); },
                   request.format == report::Format::text,
                   &session.given.objects(),
                   request.rows_stand_alone},
      allocations_(std::make_unique<Allocations>()) {}

ReportRun::~ReportRun() = default;

Result<void> ReportRun::choose() {
  auto scope = scope_of(setup_, session_, request_.maps, request_.not_maps);
  if (!scope) return std::unexpected(std::move(scope.error()));
  maps_ = select_all(setup_, session_, scope->maps);
  allocations_->find(environment_, setup_.registry, session_.catalog);
  if (request_.lists_slots)
    allocations_->choose(request_.lists_slots);
  else
    allocations_->choose(scope->maps, request_.only);
  std::erase_if(maps_, [&](const ShownMap& shown) { return !is_by(shown.selection, request_.only); });
  std::erase_if(scope->parts, [&](const auto& part) { return !is_by(part.selection, request_.only); });
  if (!request_.only.empty() && maps_.empty() && scope->parts.empty() && allocations_->none_chosen())
    return nothing_by(request_.only, setup_, session_, scope->maps.size(), may_lack());
  for (const ShownMap& shown : maps_)
    if (shown.map->type_name == "arena") environment_.shown_arenas.push_back(shown.map->id);
  writing_.one_map = request_.maps.size() == 1 && maps_.size() == 1;
  kernel_targets_.choose(std::move(scope->parts), session_.source->is_running());
  warn_of_gaps(session_.catalog, maps_, narrowed_by(request_));
  if (request_.only.empty()) tell_missing(scope->missing);
  tell_slips(setup_.loaded.config.maps, session_.catalog, allocations_->all());
  warn_of_ties(maps_);
  return {};
}

Result<void> ReportRun::write(report::Output& output, const Hooks& hooks) {
  budget_.leave_out(output);
  OutputStream stream(output);
  const auto meta = meta_of(session_, request_, environment_.limits);
  const auto writer = report::make_report_writer(request_.format, writing_, stream);
  const Pages pages{.begin = [&] { writer->begin(meta); },
                    .overview = [&] { tell_overview(*writer); },
                    .rest = [&](report::Output& to) { return make(to, *writer, stream, hooks); }};
  if (auto written = write_pages(request_.format, output, stream, pages); !written) return written;
  return finish(output, *writer, stream);
}

/// What stands at the begin tells how long a guest stood still for what comes behind.
Result<bool> ReportRun::write_if(report::Output& output, const Hooks& hooks,
                                 const std::function<bool()>& stands) {
  const auto held = report::HeldOutput::make();
  if (!held) return std::unexpected(held.error());
  budget_.leave_out(**held);
  OutputStream stream(**held);
  const auto writer = report::make_report_writer(request_.format, writing_, stream);
  if (auto made = make(**held, *writer, stream, hooks); !made)
    return std::unexpected(std::move(made.error()));
  if (!stands()) return false;
  if (!stream.result()) return std::unexpected(stream.result().error());
  stream.go_on_in(output);
  const auto meta = meta_of(session_, request_, environment_.limits);
  writer->begin(meta);
  tell_overview(*writer);
  auto written = (*held)->copy_to(output);
  if (written) written = finish(output, *writer, stream);
  if (!written) return std::unexpected(std::move(written.error()));
  return true;
}

void ReportRun::tell_overview(report::ReportWriter& writer) const {
  if (!has_first_page(request_.format)) return;
  const auto lines = map_lines(maps_);
  const auto found = findings();
  writer.overview({found, kernel_targets_.digests(), lines, session_.catalog.programs});
}

std::vector<report::Finding> ReportRun::findings() const {
  auto found = findings_of(session_, kernel_targets_, *allocations_, maps_, narrowed_by(request_));
  if (request_.tells) leave_out_whole_maps(maps_, found);
  return found;
}

Result<void> ReportRun::make(report::Output& output, report::ReportWriter& writer, OutputStream& stream,
                             const Hooks& hooks) {
  start_workers();
  allocations_->read(environment_, workers_.get());
  if (!session_.source->is_running()) losses_ = count_losses(setup_, session_, maps_);
  join_tasks();
  folded_.find(maps_, request_);
  Request of_kernel = request_;
  if (join_) of_kernel.around_kernel = [this](auto to) { return join_->taker(std::move(to)); };
  kernel_targets_.write(of_kernel, writer, stream, workers_.get());
  if (auto written = write_pieces(output, writer, hooks); !written) return written;
  if (join_) tell_other_tasks(*join_, writing_, stream);
  folded_.tell(maps_, writing_, stream);
  return {};
}

void ReportRun::join_tasks() {
  const bool is_asked = request_.format == report::Format::text && !request_.around && !writing_.full;
  if (!is_asked || kernel_targets_.targets().empty()) return;
  join_ = pipeline::join_tasks(maps_, session_.catalog.programs, session_.target->per_cpu().count());
}

Result<void> ReportRun::finish(report::Output& output, report::ReportWriter& writer, OutputStream& stream) {
  writer.end(programs(), plugin_uses(maps_, kernel_targets_.uses(), allocations_->all().used), findings());
  if (!stream.result()) return stream.result();
  return output.commit();
}

/// The maps, and behind them the allocators.
Result<void> ReportRun::write_pieces(report::Output& output, report::ReportWriter& writer,
                                     const Hooks& hooks) {
  std::atomic<bool> first_done = false;
  report::Ordered work;
  work.count = maps_.size() + allocations_->listed().size();
  work.threads = request_.jobs != 0 ? request_.jobs : std::max(1U, std::thread::hardware_concurrency());
  rows_ = std::make_unique<report::RowPool>(work.threads - 1);
  work.make = [&](std::size_t i, report::Stream& to) {
    if (i >= maps_.size()) return list_slots(i - maps_.size(), to);
    folded_.write(maps_[i], to, [&](report::Stream& text) { render(i, text); });
    if (!first_done.exchange(true)) hooks.first_done();
  };
  work.before = [&](std::size_t i) {
    if (i >= maps_.size()) return writer.before_allocator();
    hooks.before_map(i, maps_.size());
    writer.before_map();
  };
  return report::run_ordered(output, work);
}

/// Worker processes are copies of this one: all must be open, and no thread be there yet.
void ReportRun::start_workers() {
  std::vector<plugin::Selection> all;
  for (const ShownMap& shown : maps_) all.push_back(shown.selection);
  for (const auto& target : kernel_targets_.targets()) all.push_back(target.selection);
  for (const auto& allocator : allocations_->all().found) all.push_back(allocator.selection);
  auto workers = plugin::Workers::start(environment_, setup_.registry.plugins(), all);
  if (workers)
    workers_ = std::move(*workers);
  else
    spdlog::warn("plugins from elsewhere are not used: {}", workers.error().text);
}

void ReportRun::render(std::size_t index, report::Stream& to) {
  ShownMap& shown = maps_[index];
  const plugin::Quarantine::Turn turn(quarantine_, index);
  const double begin = thread_ms();
  report::Draft writer(
      [this, &shown](report::Stream& text) {
        auto plain = report::divided(report::make_map_writer(request_.format, writing_, text), rows_.get());
        if (losses_.contains(shown.map->id)) plain = with_losses(std::move(plain), losses_);
        if (join_ && shown.map->id == join_->map()) return join_->giver(std::move(plain));
        return request_.around ? request_.around(std::move(plain)) : std::move(plain);
      },
      to);
  writer.begin(*shown.map);
  shown.outcome = render_map(environment_, shown, shown.selection.choices, writer, workers_.get());
  writer.end(shown.outcome);
  shown.seen = writer.seen();
  spdlog::debug("map {} {} took {:.3f} ms of processor time", shown.map->id, shown.map->name,
                thread_ms() - begin);
}

void ReportRun::list_slots(std::size_t index, report::Stream& to) {
  auto writer = report::make_map_writer(request_.format, writing_, to);
  if (request_.around_slots) writer = request_.around_slots(std::move(writer));
  allocations_->write(index, environment_, *writer);
}

/// A person who asked for a part is told of the programs that use its maps; JSON has all.
std::vector<catalog::Program> ReportRun::programs() const {
  if (request_.is_for_all() || request_.format != report::Format::text) return session_.catalog.programs;
  return users_of(maps_, session_.catalog.programs);
}

std::string ReportRun::may_lack() const { return why_maps_may_lack(session_.catalog, request_.maps); }

std::string ReportRun::shortfall() const {
  return shortfall_of(maps_, *allocations_, kernel_targets_, may_lack());
}

} // namespace mapscope::pipeline
