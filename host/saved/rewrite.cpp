// SPDX-License-Identifier: Apache-2.0
#include "host/saved/rewrite.hpp"

#include "host/pipeline/first_page.hpp"
#include "host/pipeline/folded_maps.hpp"
#include "host/pipeline/joined_tasks.hpp"
#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/programs.hpp"
#include "host/pipeline/scope.hpp"
#include "host/report/digest.hpp"
#include "host/report/ordered.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

namespace mapscope::saved {

namespace {

class Rewrite {
public:
  Rewrite(const SavedReport& report, const pipeline::Request& request)
      : report_(report), request_(request),
        writing_(pipeline::with_names(request.writing, report.catalog.programs)), meta_(report.meta) {
    meta_.is_narrowed = meta_.is_narrowed || !request.is_for_all();
  }

  Result<void> choose() {
    pipeline::KernelParts known;
    for (const Part& part : report_.parts) known.shown.push_back({part.name, {}});
    auto maps = pipeline::filter_maps(report_.catalog, request_.maps, known);
    if (!maps) return std::unexpected(maps.error());
    auto parts = pipeline::filter_parts(known, request_.maps);
    if (!parts) return std::unexpected(parts.error());
    pipeline::Scope scope{std::move(*maps), std::move(*parts), {}};
    if (auto left = leave_out(scope, report_.catalog, known, request_.not_maps); !left) return left;
    for (const catalog::Map* map : scope.maps) maps_.push_back({map, {}, {}, {}});
    writing_.one_map = request_.maps.size() == 1 && maps_.size() == 1;
    for (const Part& part : report_.parts)
      if (std::ranges::count(scope.parts, part.name, &plugin::KernelTarget::name) != 0)
        parts_.push_back(&part);
    for (const SavedMap& allocator : report_.allocators)
      if (request_.is_for_all() || is_shown(allocator.map.id)) allocators_.push_back(&allocator);
    return {};
  }

  Result<void> write(report::Output& output) {
    pipeline::OutputStream stream(output);
    const auto writer = report::make_report_writer(request_.format, writing_, stream);
    const pipeline::Pages pages{.begin = [&] { writer->begin(meta_); },
                                .overview = [&] { tell_overview(*writer); },
                                .rest = [&](report::Output& to) { return make(to, *writer, stream); }};
    if (auto written = write_pages(request_.format, output, stream, pages); !written) return written;
    writer->end(programs(), report_.plugins, findings());
    if (!stream.result()) return stream.result();
    return output.commit();
  }

private:
  [[nodiscard]] std::string_view text_of(const catalog::Map& map) const {
    return report_.map_texts[static_cast<std::size_t>(&map - report_.catalog.maps.data())];
  }
  [[nodiscard]] bool is_shown(std::uint32_t id) const {
    return std::ranges::any_of(maps_, [id](const auto& shown) { return shown.map->id == id; });
  }

  Result<void> make(report::Output& output, report::ReportWriter& writer, report::Stream& stream) {
    if (request_.format == report::Format::text && !writing_.full && !parts_.empty())
      join_ = pipeline::join_tasks(maps_, report_.catalog.programs, report_.meta.cpus);
    folded_.find(maps_, request_);
    for (const Part* part : parts_) write_part(*part, writer, stream);
    if (auto written = write_maps(output, writer); !written) return written;
    if (join_) pipeline::tell_other_tasks(*join_, writing_, stream);
    folded_.tell(maps_, writing_, stream);
    return std::exchange(problem_, {});
  }

  void write_part(const Part& part, report::ReportWriter& writer, report::Stream& to) {
    writer.before_extension(part.id, part.findings);
    report::Digest digest{part.name, {}};
    auto own = report::make_extension_writer(request_.format, writing_, part.content.title, to);
    own = std::make_unique<report::DigestWriter>(std::move(own), digest.lines);
    if (join_) own = join_->taker(std::move(own));
    static_cast<void>(show(part.content, *own, part.name));
    if (!digest.lines.empty()) digests_.push_back(std::move(digest));
  }

  void write_map(pipeline::ShownMap& shown, report::Stream& to) {
    auto own = report::make_map_writer(request_.format, writing_, to);
    if (join_ && shown.map->id == join_->map()) own = join_->giver(std::move(own));
    shown.outcome = show({What::map, text_of(*shown.map), *shown.map, ""}, *own, shown.map->name);
  }

  void write_allocator(const SavedMap& allocator, report::Stream& to) {
    const auto own = report::make_map_writer(request_.format, writing_, to);
    static_cast<void>(show(allocator, *own, allocator.title));
  }

  /// The maps, and behind them the allocators.
  Result<void> write_maps(report::Output& output, report::ReportWriter& writer) {
    report::Ordered work;
    work.count = maps_.size() + allocators_.size();
    work.threads = request_.jobs != 0 ? request_.jobs : std::max(1U, std::thread::hardware_concurrency());
    work.make = [&](std::size_t i, report::Stream& to) {
      if (i < maps_.size())
        folded_.write(maps_[i], to, [&](report::Stream& text) { write_map(maps_[i], text); });
      else
        write_allocator(*allocators_[i - maps_.size()], to);
    };
    work.before = [&](std::size_t i) {
      if (i < maps_.size())
        writer.before_map();
      else
        writer.before_allocator();
    };
    return report::run_ordered(output, work);
  }

  /// Of what could not be shown the first is kept.
  report::Outcome show(const SavedMap& saved, report::MapWriter& writer, const std::string& of_what) {
    auto outcome = replay(saved, report_.limits, writer);
    if (outcome) return std::move(*outcome);
    const std::lock_guard lock(mutex_);
    if (problem_) problem_ = std::unexpected(std::move(outcome.error()).within(of_what));
    return {};
  }

  void tell_overview(report::ReportWriter& writer) const {
    const auto lines = pipeline::map_lines(maps_);
    const auto found = findings();
    writer.overview({found, digests_, lines, report_.catalog.programs});
  }

  [[nodiscard]] std::vector<catalog::Program> programs() const {
    if (!meta_.is_narrowed || request_.format != report::Format::text) return report_.catalog.programs;
    return users_of(maps_, report_.catalog.programs);
  }

  /// Without those of what is not shown.
  [[nodiscard]] std::vector<report::Finding> findings() const {
    auto all = report_.findings;
    if (request_.is_for_all()) return all;
    for (const Part& part : report_.parts)
      if (std::ranges::find(parts_, &part) == parts_.end())
        for (const report::Finding& own : part.findings) std::erase(all, own);
    std::erase_if(all, [this](const auto& finding) { return finding.map && !is_shown(*finding.map); });
    return all;
  }

  const SavedReport& report_;
  const pipeline::Request& request_;
  report::Options writing_; ///< the request's, with what is known of programs and maps
  report::Meta meta_;
  pipeline::ShownMaps maps_;
  std::vector<const Part*> parts_;
  std::vector<const SavedMap*> allocators_;
  std::unique_ptr<report::TaskJoin> join_; ///< null: tasks are where they are found
  pipeline::FoldedMaps folded_;
  std::vector<report::Digest> digests_;
  std::mutex mutex_; ///< guards:
  Result<void> problem_;
};

} // namespace

Result<void> rewrite(const SavedReport& report, const pipeline::Request& request, report::Output& output) {
  Rewrite rewrite(report, request);
  if (auto chosen = rewrite.choose(); !chosen) return chosen;
  return rewrite.write(output);
}

} // namespace mapscope::saved
