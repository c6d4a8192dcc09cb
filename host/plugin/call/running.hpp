// SPDX-License-Identifier: Apache-2.0
// Whose code this thread is in: of the plugins of one render, the one that was called last.
//
// Thread rule: of the thread that makes it. The names that it is given must live as long. Signal handlers may
// ask.
#pragma once

#include "host/base/ending.hpp"

namespace mapscope::plugin {

struct Plugin;

class Running {
public:
  Running(const Plugin& plugin, const char* name) noexcept : before_(current_), named_(name) {
    current_ = &plugin;
  }
  ~Running() { current_ = before_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Null: that of no plugin.
  static const Plugin* current() noexcept { return current_; }

private:
  static inline thread_local const Plugin* current_ = nullptr;
  const Plugin* before_;
  ForeignName named_;
};

} // namespace mapscope::plugin
