// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/joined_tasks.hpp"

#include "host/pipeline/programs.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::pipeline {

std::unique_ptr<report::TaskJoin>
join_tasks(const ShownMaps& maps, const std::vector<catalog::Program>& programs, std::uint32_t cpus) {
  const auto* const map = map_of_tasks(maps, programs);
  if (map == nullptr) return nullptr;
  const std::uint32_t last = std::max(cpus, 1U) - 1;
  return std::make_unique<report::TaskJoin>(*map, last == 0 ? "0" : fmt::format("0-{}", last));
}

void tell_other_tasks(const report::TaskJoin& join, const report::Options& writing, report::Stream& to) {
  if (!join.has_rest()) return;
  const auto title = fmt::format("tasks that map {} has nothing of", join.map());
  const auto writer = report::make_extension_writer(report::Format::text, writing, title, to);
  writer->begin({});
  join.tell_rest(*writer);
  writer->end({});
}

} // namespace mapscope::pipeline
