// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/programs.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

namespace mapscope::pipeline {

std::vector<catalog::Program> users_of(const ShownMaps& maps, std::vector<catalog::Program> programs) {
  std::set<std::uint32_t> users;
  for (const ShownMap& shown : maps) users.insert(shown.map->programs.begin(), shown.map->programs.end());
  std::erase_if(programs, [&](const catalog::Program& program) { return !users.contains(program.id); });
  return programs;
}

report::Options with_names(report::Options options, const std::vector<catalog::Program>& programs) {
  report::ProgramNames names;
  for (const auto& program : programs) names[program.id] = program.names().longest();
  options.programs = std::make_shared<const report::ProgramNames>(std::move(names));
  return options;
}

/// Of task_storage that struct_ops programs use, the first.
const catalog::Map* map_of_tasks(const ShownMaps& maps, const std::vector<catalog::Program>& programs) {
  const auto is_of_ops = [&](std::uint32_t id) {
    const auto found = std::ranges::find(programs, id, &catalog::Program::id);
    return found != programs.end() && found->type_name == "struct_ops";
  };
  const auto found = std::ranges::find_if(maps, [&](const ShownMap& shown) {
    return shown.map->type_name == "task_storage" && std::ranges::any_of(shown.map->programs, is_of_ops);
  });
  return found == maps.end() ? nullptr : found->map;
}

std::vector<report::MapLine> map_lines(const ShownMaps& maps) {
  std::vector<report::MapLine> lines;
  for (const ShownMap& shown : maps) lines.push_back({shown.map, &shown.outcome});
  return lines;
}

} // namespace mapscope::pipeline
