// SPDX-License-Identifier: Apache-2.0
// Pages of an arena that nothing leads to, told with the arena.
//
// Thread rule: count_losses() while the process has one thread; the rest is pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>

namespace mapscope::report {
class MapWriter;
} // namespace mapscope::report

namespace mapscope::pipeline {

struct Session;
struct Setup;
struct ShownMap;

/// By the arena's map.
using ArenaLosses = std::map<std::uint32_t, std::uint64_t>;

/// Walks over all values of all maps that share programs with the arenas among `maps`. Of an arena that no
/// program uses, and where those maps are more than fit a report's patience, nothing is said.
ArenaLosses count_losses(const Setup& setup, const Session& session, std::span<const ShownMap> maps);

/// Adds what was counted to the map's member "arena".
std::unique_ptr<report::MapWriter> with_losses(std::unique_ptr<report::MapWriter> to,
                                               const ArenaLosses& losses);

} // namespace mapscope::pipeline
