// SPDX-License-Identifier: Apache-2.0
// Plugins that have failed too often for this report: each failure may cost a map's whole time.
//
// Failures count in the order of the maps, whichever comes first by the clock: how many maps a plugin costs
// does not depend on how many are rendered at a time. Thread rule: any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <set>

namespace mapscope::plugin {

struct Plugin;

class Quarantine {
public:
  static constexpr unsigned most_failures = 3;

  /// This thread renders the index-th map. Every map has a turn, and none begins before those ahead of it
  /// have begun theirs.
  class Turn {
  public:
    Turn(Quarantine& quarantine, std::size_t index) : quarantine_(quarantine), index_(index) { own = this; }
    ~Turn() {
      own = nullptr;
      const std::scoped_lock lock(quarantine_.mutex_);
      quarantine_.ended_.insert(index_);
      while (quarantine_.ended_.erase(quarantine_.next_) != 0) ++quarantine_.next_;
      quarantine_.changed_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

  private:
    friend class Quarantine;
    static inline thread_local Turn* own = nullptr;
    Quarantine& quarantine_;
    std::size_t index_;
  };

  /// Waits for the maps ahead of this thread's. False when the plugin has failed often enough on those: had
  /// that been known, it would not have been asked.
  bool count(const Plugin& plugin) {
    std::unique_lock lock(mutex_);
    if (const Turn* turn = Turn::own; turn != nullptr)
      changed_.wait(lock, [&] { return next_ == turn->index_; });
    unsigned& failures = failures_[&plugin];
    if (failures >= most_failures) return false;
    ++failures;
    return true;
  }
  [[nodiscard]] bool holds(const Plugin& plugin) const {
    const std::scoped_lock lock(mutex_);
    const auto found = failures_.find(&plugin);
    return found != failures_.end() && found->second >= most_failures;
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<const Plugin*, unsigned> failures_;
  std::size_t next_ = 0;        ///< the first map whose turn has not ended
  std::set<std::size_t> ended_; ///< behind that
};

} // namespace mapscope::plugin
