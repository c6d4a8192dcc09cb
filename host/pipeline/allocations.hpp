// SPDX-License-Identifier: Apache-2.0
// The allocators of a report: all are read before the maps, as any of them may explain a pointer, and those
// are listed behind the maps whose section is shown.
//
// Thread rule: find() and read() on one thread; then write() for different allocations on any.
#pragma once

#include "host/pipeline/shown_map.hpp"
#include "host/plugin/allocators.hpp"

#include <string>
#include <vector>

namespace mapscope::pipeline {

class Allocations {
public:
  /// Finds and selects; nothing of a plugin runs.
  void find(const plugin::Environment& environment, const plugin::Registry& registry,
            const catalog::Catalog& catalog);
  /// Runs their plugins. From then on `environment` knows the slots.
  void read(plugin::Environment& environment, plugin::Workers* workers, const ShownMaps& maps);

  [[nodiscard]] const plugin::Allocators& all() const { return all_; }
  [[nodiscard]] const std::vector<report::Allocation*>& listed() const { return listed_; }
  /// The index-th of those that are listed, with its slots.
  void write(std::size_t index, const plugin::Environment& environment, report::MapWriter& writer);

private:
  plugin::Allocators all_;
  std::vector<report::Allocation*> listed_;
};

} // namespace mapscope::pipeline
