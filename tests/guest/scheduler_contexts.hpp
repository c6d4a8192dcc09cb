// SPDX-License-Identifier: Apache-2.0
// The tasks that a guest tells of, and the contexts that its scheduler has of them.
#pragma once

#include "scheduler_fixture.hpp"
#include "values.hpp"

#include <cstdint>
#include <map>
#include <set>

namespace mapscope::guest {

inline std::set<std::int64_t> pids_in(const Value& tasks) {
  std::set<std::int64_t> pids;
  for (const auto& task : tasks.GetArray()) pids.insert(task["pid"].GetInt64());
  return pids;
}

/// Contexts of tasks, as the allocator has them.
inline std::multimap<std::int64_t, const Value*> contexts_of(const rapidjson::Document& report) {
  std::multimap<std::int64_t, const Value*> contexts;
  const Value* allocator = allocations_of(report, "scx_task_allocator");
  if (allocator == nullptr || !allocator->HasMember("entries")) return contexts;
  for (const auto& entry : (*allocator)["entries"].GetArray())
    contexts.emplace(number_of(entry["payload"], "pid"), &entry);
  return contexts;
}

} // namespace mapscope::guest
