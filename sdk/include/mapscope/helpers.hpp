// SPDX-License-Identifier: Apache-2.0
// What every part of the C++ face stands on: the host of one render, and how its refusals unwind the plugin.
//
// Included by plugin.hpp. Thread rule: as plugin.h.
#pragma once

#include <mapscope/plugin.h>

#include <cstddef>
#include <span>
#include <string>

namespace mapscope {

using Bytes = std::span<const std::byte>;

/// Thrown where a helper fails, caught by guarded(). A plugin that catches it must stop: the code says why.
struct Stop {
  int rc;
};
/// Thrown by fail(): it is the target that cannot be decoded. A plugin of many parts may catch this and go on
/// with the next.
struct Undecodable : Stop {};
/// Thrown where members are asked of bytes that have no type.
struct Untyped : Stop {};
/// Thrown where a type has no such member, or nobody such a type; the host knows which.
struct Missing : Stop {};

/// What one render has come to.
struct RenderState {
  bool are_rows = false; ///< rows are walked, and what fails is one of them
  std::string first;     ///< why the first of them failed that did
  unsigned open = 0;     ///< objects and lists
};

class Helpers {
public:
  Helpers(const msc_host* host, msc_call* call, RenderState* state)
      : host_(host), call_(call), state_(state) {}

  void note(int rc, const char* text) { check(host_->note(call_, rc, text)); }
  void note(int rc, const std::string& text) { note(rc, text.c_str()); }
  /// What a person should look at first.
  void finding(msc_severity severity, const char* text) { check(host_->finding(call_, severity, text)); }
  /// For who writes the plugin: shown on stderr with -v.
  void debug(const char* text) { check(host_->debug(call_, text)); }
  void debug(const std::string& text) { debug(text.c_str()); }
  /// Ends the render: it cannot be decoded, and why. In the function of rows() it ends that row alone.
  [[noreturn]] void fail(const char* why) {
    if (state_->are_rows)
      remember(why);
    else
      note(MSC_EFAIL, why);
    throw Undecodable{{MSC_EFAIL}};
  }
  [[noreturn]] void fail(const std::string& why) { fail(why.c_str()); }

protected:
  /// Why a row fails.
  void remember(const char* why) {
    if (state_->first.empty()) state_->first = why;
  }
  static void check(int rc) {
    if (rc != MSC_OK) throw Stop{rc};
  }
  /// False for MSC_ENOENT.
  static bool found(int rc) {
    if (rc != MSC_ENOENT) check(rc);
    return rc == MSC_OK;
  }

  const msc_host* host_;
  msc_call* call_;
  RenderState* state_; ///< the call's
};

} // namespace mapscope
