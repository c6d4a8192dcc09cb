// SPDX-License-Identifier: Apache-2.0
// Plugins that do not take part in the renders of one map any more, though they stand among its choices.
//
// Refuses: more than `most`. Thread rule: plain values, and bytes for a worker process.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace mapscope::plugin {

struct Plugin;

struct LeftOut {
  static constexpr std::size_t most = 8;

  /// False where there is no room for it.
  bool add(const Plugin& plugin) {
    const auto free = std::ranges::find(plugins, nullptr);
    if (free == plugins.end()) return false;
    *free = &plugin;
    return true;
  }
  [[nodiscard]] bool holds(const Plugin& plugin) const {
    return std::ranges::find(plugins, &plugin) != plugins.end();
  }

  std::array<const Plugin*, most> plugins{};
};

} // namespace mapscope::plugin
