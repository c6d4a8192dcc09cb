// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/report_facts.hpp"

namespace mapscope::pipeline {

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

btf::Limits limits_of(const config::Report& settings, const Session& session) {
  static_assert(config::Report::deepest == btf::Limits::deepest);
  return {.depth = settings.depth,
          .elements = settings.array_elements != 0 ? settings.array_elements : UINT32_MAX,
          .nodes = settings.nodes,
          .cpus = session.target->per_cpu().count()};
}

} // namespace mapscope::pipeline
