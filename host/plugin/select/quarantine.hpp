// SPDX-License-Identifier: Apache-2.0
// Plugins that have failed too often for this report: each failure may cost a map's whole time.
//
// Thread rule: any thread.
#pragma once

#include <map>
#include <mutex>

namespace mapscope::plugin {

struct Plugin;

class Quarantine {
public:
  static constexpr unsigned most_failures = 3;

  void count(const Plugin& plugin) {
    const std::scoped_lock lock(mutex_);
    ++failures_[&plugin];
  }
  [[nodiscard]] bool holds(const Plugin& plugin) const {
    const std::scoped_lock lock(mutex_);
    const auto found = failures_.find(&plugin);
    return found != failures_.end() && found->second >= most_failures;
  }

private:
  mutable std::mutex mutex_;
  std::map<const Plugin*, unsigned> failures_;
};

} // namespace mapscope::plugin
