// SPDX-License-Identifier: Apache-2.0
// The allocators of a report: all are read before the maps, as any of them may explain a pointer; some are
// listed behind the maps.
//
// Thread rule: find(), choose() and read() on one thread; then write() for different allocations on any.
#pragma once

#include "host/plugin/allocators.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::pipeline {

class Allocations {
public:
  /// Finds and selects; nothing of a plugin runs.
  void find(const plugin::Environment& environment, const plugin::Registry& registry,
            const catalog::Catalog& catalog);
  /// Which are to be listed: those in the sections of `maps` that `only` is the first to read, see only.hpp.
  void choose(const std::vector<const catalog::Map*>& maps, const std::string& only);
  /// The same by what lies where.
  void choose(const std::function<bool(std::uint32_t section, std::string_view name)>& wanted);
  [[nodiscard]] bool none_chosen() const { return chosen_.empty(); }
  /// Runs the plugins of all. From then on `environment` knows the slots.
  void read(plugin::Environment& environment, plugin::Workers* workers);

  [[nodiscard]] const plugin::Allocators& all() const { return all_; }
  /// Of those that were chosen, the ones that are in use.
  [[nodiscard]] const std::vector<report::Allocation*>& listed() const { return listed_; }
  /// The index-th of those that are listed, with its slots.
  void write(std::size_t index, const plugin::Environment& environment, report::MapWriter& writer);

private:
  [[nodiscard]] bool is_chosen(const report::Allocation& allocation) const;

  plugin::Allocators all_;
  std::vector<const plugin::AllocatorVariable*> chosen_;
  std::vector<report::Allocation*> listed_;
};

} // namespace mapscope::pipeline
