// SPDX-License-Identifier: Apache-2.0
// Worker processes as the host sees them: which are idle, what one is doing, which plugins get none any more.
//
// Thread rule: start() while the process has one thread; the rest from any thread.
#pragma once

#include "host/plugin/call/attempt.hpp"
#include "host/plugin/call/left_out.hpp"
#include "host/plugin/worker/companions.hpp"

#include <map>

namespace mapscope::plugin {

struct AllocatorCall;
struct Environment;

class Workers {
public:
  /// Null when none of the selections has an isolated plugin. What the arguments point to must live as long.
  static Result<std::unique_ptr<Workers>> start(const Environment& environment,
                                                std::span<const Plugin> plugins,
                                                std::span<const Selection> selections);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// With the first choice.
  Attempt render(const Environment& environment, const catalog::Map& map, std::span<const Choice> choices,
                 const Limits& limits, report::MapWriter& writer, AllocatorCall* allocator,
                 const LeftOut& left_out);

  // For a render in progress.
  using Child = Zygote::Child;
  Result<Child> take(const Plugin& plugin);
  /// It ended well and may serve again.
  void give_back(const Plugin& plugin, Child child);
  /// Ends it; how it ended.
  std::string dispose(Child child);
  /// Of a place in the plugin's code, see code_line.hpp.
  std::string code_line(const Plugin& plugin, std::uint64_t offset);

private:
  explicit Workers(std::uint64_t cpu_seconds) : cpu_seconds_(cpu_seconds) {}
  std::optional<Child> take_idle(const Plugin& plugin);

  Companions companions_;
  std::unique_ptr<Zygote> zygote_;
  std::uint64_t cpu_seconds_; ///< of one worker
  std::mutex mutex_;
  std::map<const Plugin*, std::vector<Child>> idle_;
  std::map<std::pair<const Plugin*, std::uint64_t>, std::string> lines_; ///< that have been looked for
};

} // namespace mapscope::plugin
