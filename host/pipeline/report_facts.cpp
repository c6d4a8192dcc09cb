// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/report_facts.hpp"

#include "host/report/kernel_clock.hpp"

#include <chrono>
#include <fmt/chrono.h>

namespace mapscope::pipeline {

namespace {

std::string in_utc(std::time_t time) { return fmt::format("{:%FT%TZ}", fmt::gmtime(time)); }

std::string now_in_utc() {
  return in_utc(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

constexpr std::int64_t nanoseconds = 1'000'000'000;
/// The clock is the target's, and may say anything.
constexpr std::int64_t latest = 253'402'300'799; ///< 9999-12-31T23:59:59Z

bool runs(const memory::Source& source) { return source.is_running() || source.stopped_ms(); }

report::Meta::Limits plain(const btf::Limits& limits) {
  return {limits.depth, limits.elements, limits.nodes};
}

} // namespace

void tell_of_machine(const Session& session, report::Meta& meta) {
  const auto& target = *session.target;
  meta.host_name = catalog::host_name(target, *session.kernel);
  meta.panic = catalog::panic_of(target, *session.kernel);
  const report::KernelClock clock(target, *session.kernel);
  const std::int64_t seconds = clock.now(0).value_or(0) / nanoseconds;
  if (seconds > 0 && seconds <= latest) meta.time = in_utc(seconds);
  if (const auto boot = clock.now(7); boot && *boot >= 0) meta.uptime_ns = static_cast<std::uint64_t>(*boot);
}

report::Meta meta_of(const Session& session, const Request& request, const btf::Limits& limits) {
  const auto& target = *session.target;
  report::Meta meta{.version = MAPSCOPE_VERSION,
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
                    .started_at = runs(*session.source) ? now_in_utc() : "",
                    .is_narrowed = !request.is_for_all(),
                    .limits = plain(limits)};
  tell_of_machine(session, meta);
  return meta;
}

report::Meta meta_of(const lookup::Listing& listing, const Request& request, const btf::Limits& limits) {
  return {.version = MAPSCOPE_VERSION,
          .source_kind = "live",
          .release = listing.release,
          .arch = listing.arch,
          .page_size = listing.page_size,
          .cpus = static_cast<std::uint32_t>(listing.cpus.possible.size()),
          .via = "bpf",
          .started_at = now_in_utc(),
          .is_narrowed = !request.is_for_all(),
          .limits = plain(limits)};
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
