// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/programs.hpp"

#include <cstdint>
#include <set>

namespace mapscope::pipeline {

std::vector<catalog::Program> users_of(const ShownMaps& maps, std::vector<catalog::Program> programs) {
  std::set<std::uint32_t> users;
  for (const ShownMap& shown : maps) users.insert(shown.map->programs.begin(), shown.map->programs.end());
  std::erase_if(programs, [&](const catalog::Program& program) { return !users.contains(program.id); });
  return programs;
}

} // namespace mapscope::pipeline
