// SPDX-License-Identifier: Apache-2.0
// Which map of a report gets the kernel's view of its tasks, and what is told behind all maps.
//
// Thread rule: pure but for what is written.
#pragma once

#include "host/pipeline/shown_map.hpp"
#include "host/report/task_join.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace mapscope::pipeline {

/// A person reads both views of a task side by side, where a scheduler's map says whose its rows are; null
/// where none does.
std::unique_ptr<report::TaskJoin>
join_tasks(const ShownMaps& maps, const std::vector<catalog::Program>& programs, std::uint32_t cpus);
/// Tasks that the map had no row of; nothing where there are none.
void tell_other_tasks(const report::TaskJoin& join, const report::Options& writing, report::Stream& to);

} // namespace mapscope::pipeline
