// SPDX-License-Identifier: Apache-2.0
// What of a source a plugin would get in a report, by which of its attach= lines, and what its other lines
// are about.
//
// Refuses: to run a plugin. Thread rule: immutable once made.
#pragma once

#include "host/plugin/call/environment.hpp"
#include "host/plugin/select/registry.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace mapscope::plugin {

struct Allocators;

/// A map, an allocator or a part of the kernel that the plugin is the first to show, or adds to.
struct SourceTarget {
  std::string name;                    ///< "map 3 victim (hash)"
  std::string sort;                    ///< "hash", "allocator", "part of the kernel"
  const catalog::Map* map = nullptr;   ///< of an allocator, its section; of a part of the kernel, none
  std::optional<std::size_t> variable; ///< of an allocator: the place in what find_allocators() finds
  std::span<const Choice> choices;     ///< the plugin's own is the first
  [[nodiscard]] bool is_map() const { return sort_of == Sort::map; }
  enum class Sort : std::uint8_t { map, allocator, kernel } sort_of = Sort::map;
};

/// What one attach= line is about in this source.
struct SourceLine {
  std::size_t matches = 0;   ///< maps, variables or parts, whoever shows them
  std::size_t stands_by = 0; ///< of these, where another of the program's or a person's choice is before it
  std::string before;        ///< who is, for the first: "mapscope.builtin.hash@1.0 (map-type:hash prio 100)"
  std::string missing;       ///< why it is no choice at all for the first: what it needs, a tie
};

class SourceTargets {
public:
  /// What the arguments refer to must live as long.
  SourceTargets(const Environment& environment, const Plugin& plugin);
  ~SourceTargets();
  SourceTargets(const SourceTargets&) = delete;
  SourceTargets& operator=(const SourceTargets&) = delete;

  [[nodiscard]] const std::vector<SourceTarget>& all() const { return all_; }
  [[nodiscard]] const std::vector<SourceLine>& lines() const { return lines_; }
  /// Of every target that the plugin may be asked for: what worker processes are started with.
  [[nodiscard]] std::vector<Selection> selections() const { return {selections_.begin(), selections_.end()}; }
  [[nodiscard]] std::size_t maps() const { return maps_; }

private:
  void look_at(const catalog::Map& map);
  void look_at_allocators();
  void look_at_kernel();
  void take(SourceTarget target, const Selection& selection, std::vector<std::uint32_t> matching);

  const Environment& environment_;
  const Plugin& plugin_;
  const catalog::Map none_{}; ///< what takes the place of a map
  std::unique_ptr<Allocators> allocators_;
  std::deque<Selection> selections_; ///< stay where they are
  std::vector<SourceTarget> all_;
  std::vector<SourceLine> lines_;
  std::size_t maps_ = 0; ///< that could be read
};

/// Why an attach= line matches nothing: "none of the 12 maps; the nearest value type that there is: struct
/// task_ctx, of map 3 tasks".
std::string why_nothing(const Attach& attach, const Environment& environment, std::size_t maps);

} // namespace mapscope::plugin
