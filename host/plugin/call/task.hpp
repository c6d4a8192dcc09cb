// SPDX-License-Identifier: Apache-2.0
// What one render is for: what its parts share.
//
// Thread rule: plain references to what outlives the render; the budget belongs to its thread.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/plugin/call/delivery.hpp"
#include "host/plugin/call/left_out.hpp"
#include "host/plugin/select/registry.hpp"

#include <span>
#include <string>

namespace mapscope::plugin {

class Budget;
struct Environment;

struct AllocatorCall;

struct Task {
  const Environment& environment;
  const catalog::Map& map;
  std::span<const Choice> choices; ///< the first renders; those behind it stand next
  Budget& budget;
  AllocatorCall* allocator = nullptr; ///< null: a map is rendered
  Delivery* delivery = nullptr;       ///< takes the place of the writer
  bool is_walk = false;               ///< for another render, whose rows count
  LeftOut left_out = {};              ///< of those that stand next

  [[nodiscard]] const Choice& choice() const { return choices.front(); }
  [[nodiscard]] const Manifest& manifest() const { return choice().plugin->manifest(); }
  /// A part of the kernel, rendered in place of a map that has no address and no id.
  [[nodiscard]] bool is_kernel_target() const { return map.kva == 0 && map.id == 0; }
};

} // namespace mapscope::plugin
