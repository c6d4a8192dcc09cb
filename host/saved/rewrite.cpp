// SPDX-License-Identifier: Apache-2.0
#include "host/saved/rewrite.hpp"

#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/output_stream.hpp"
#include "host/pipeline/programs.hpp"
#include "host/report/ordered.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

namespace mapscope::saved {

namespace {

class Rewrite {
public:
  Rewrite(const SavedReport& report, const pipeline::Request& request)
      : report_(report), request_(request), meta_(report.meta) {
    meta_.is_narrowed = meta_.is_narrowed || !request.is_for_all();
  }

  Result<void> choose() {
    pipeline::KernelParts known;
    for (const Part& part : report_.parts) known.shown.push_back({part.name, {}});
    const auto maps = pipeline::filter_maps(report_.catalog, request_.maps, known);
    if (!maps) return std::unexpected(maps.error());
    const auto parts = pipeline::filter_parts(known, request_.maps);
    if (!parts) return std::unexpected(parts.error());
    for (const catalog::Map* map : *maps) maps_.push_back({What::map, text_of(*map), *map, ""});
    for (const Part& part : report_.parts)
      if (std::ranges::count(*parts, part.name, &plugin::KernelTarget::name) != 0) parts_.push_back(&part);
    for (const SavedMap& allocator : report_.allocators)
      if (request_.is_for_all() || is_shown(allocator.map.id)) allocators_.push_back(&allocator);
    return {};
  }

  Result<void> write(report::Output& output) {
    pipeline::OutputStream stream(output);
    const auto writer = report::make_report_writer(request_.format, request_.writing, stream);
    writer->begin(meta_);
    for (const Part* part : parts_) write_part(*part, *writer, stream);
    if (auto written = write_maps(output, *writer); !written) return written;
    if (!problem_) return problem_;
    writer->end(programs(), report_.plugins, findings());
    if (!stream.result()) return stream.result();
    return output.commit();
  }

private:
  [[nodiscard]] std::string_view text_of(const catalog::Map& map) const {
    return report_.map_texts[static_cast<std::size_t>(&map - report_.catalog.maps.data())];
  }
  [[nodiscard]] bool is_shown(std::uint32_t id) const {
    return std::ranges::any_of(maps_, [id](const SavedMap& shown) { return shown.map.id == id; });
  }

  void write_part(const Part& part, report::ReportWriter& writer, report::Stream& to) {
    writer.before_extension(part.id, part.findings);
    const auto own = report::make_extension_writer(request_.format, request_.writing, part.content.title, to);
    keep(replay(part.content, report_.limits, *own), part.name);
  }

  /// The maps, and behind them the allocators.
  Result<void> write_maps(report::Output& output, report::ReportWriter& writer) {
    report::Ordered work;
    work.count = maps_.size() + allocators_.size();
    work.threads = request_.jobs != 0 ? request_.jobs : std::max(1U, std::thread::hardware_concurrency());
    work.make = [&](std::size_t i, report::Stream& to) {
      const SavedMap& saved = i < maps_.size() ? maps_[i] : *allocators_[i - maps_.size()];
      const auto own = report::make_map_writer(request_.format, request_.writing, to);
      keep(replay(saved, report_.limits, *own), saved.title.empty() ? saved.map.name : saved.title);
    };
    work.before = [&](std::size_t i) {
      if (i < maps_.size())
        writer.before_map();
      else
        writer.before_allocator();
    };
    return report::run_ordered(output, work);
  }

  /// The first stays.
  void keep(Result<void> result, const std::string& of_what) {
    const std::lock_guard lock(mutex_);
    if (!result && problem_) problem_ = std::unexpected(std::move(result.error()).within(of_what));
  }

  [[nodiscard]] std::vector<catalog::Program> programs() const {
    if (!meta_.is_narrowed || request_.format != report::Format::text) return report_.catalog.programs;
    pipeline::ShownMaps shown;
    for (const SavedMap& saved : maps_) shown.push_back({&saved.map, {}, {}, {}});
    return users_of(shown, report_.catalog.programs);
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
  report::Meta meta_;
  std::vector<SavedMap> maps_;
  std::vector<const Part*> parts_;
  std::vector<const SavedMap*> allocators_;
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
