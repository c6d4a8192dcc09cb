// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/report_facts.hpp"

#include <chrono>
#include <fmt/chrono.h>

namespace mapscope::pipeline {

namespace {

std::string now_in_utc() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

bool runs(const memory::Source& source) { return source.is_running() || source.stopped_ms(); }

} // namespace

report::Meta meta_of(const Session& session) {
  const auto& target = *session.target;
  return {.version = MAPSCOPE_VERSION,
          .source_kind = std::string(session.source->format()),
          .release = std::string(target.release()),
          .arch = std::string(target.arch()),
          .page_size = target.page_size(),
          .kaslr_offset = target.kaslr_offset(),
          .cpus = static_cast<std::uint32_t>(target.per_cpu().possible().size()),
          .excluded_bytes = session.source->left_out_bytes(),
          .via = std::string(session.source->via()),
          .is_running = session.source->is_running(),
          .stopped_ms = session.source->stopped_ms(),
          .started_at = runs(*session.source) ? now_in_utc() : ""};
}

report::Meta meta_of(const lookup::Listing& listing) {
  return {.version = MAPSCOPE_VERSION,
          .source_kind = "live",
          .release = listing.release,
          .arch = listing.arch,
          .page_size = listing.page_size,
          .cpus = static_cast<std::uint32_t>(listing.cpus.possible.size()),
          .via = "bpf",
          .started_at = now_in_utc()};
}

btf::Limits limits_of(const config::Report& settings, std::uint32_t cpus) {
  static_assert(config::Report::deepest == btf::Limits::deepest);
  return {.depth = settings.depth,
          .elements = settings.array_elements != 0 ? settings.array_elements : UINT32_MAX,
          .nodes = settings.nodes,
          .cpus = cpus};
}

btf::Limits limits_of(const config::Report& settings, const Session& session) {
  return limits_of(settings, session.target->per_cpu().count());
}

} // namespace mapscope::pipeline
