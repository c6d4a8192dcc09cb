// SPDX-License-Identifier: Apache-2.0
// Renders of a source's targets with one limit on the entries shown, all of them in worker processes: the
// plugin under check and whoever finds elements for it.
//
// Thread rule: made while the process has one thread, and used by that.
#pragma once

#include "host/plugin/allocators.hpp"
#include "host/plugin/check/environment_of.hpp"
#include "host/plugin/check/render_record.hpp"
#include "host/plugin/check/source_targets.hpp"
#include "host/plugin/worker/workers.hpp"

#include <functional>

namespace mapscope::plugin {

class SourceRuns {
public:
  static constexpr std::uint64_t all = 0;

  /// `limit`: entries shown, as --limit.
  SourceRuns(const EnvironmentOf& environment_of, const config::Config& config, const SourceTargets& targets,
             std::uint64_t limit);
  SourceRuns(const SourceRuns&) = delete;
  SourceRuns& operator=(const SourceRuns&) = delete;

  /// Error: no worker process can be had. Comes first, and reads the allocators.
  Result<void> start();
  /// The index-th target, by the first of its choices or, with `skip`, one behind. An allocator can be read
  /// twice.
  RenderRecord render(std::size_t index, std::size_t skip = 0);

private:
  static config::Config limited(config::Config config, std::uint64_t limit);
  AllocatorCall* allocator_call(std::size_t index);

  config::Config config_;
  Environment environment_;
  const SourceTargets& targets_;
  Allocators allocators_;
  struct Reads {
    AllocatorCall calls[2];
    std::size_t done = 0;
  };
  std::map<std::size_t, Reads> reads_; ///< by target; made before worker processes are, which know them
  std::unique_ptr<Workers> workers_;
};

} // namespace mapscope::plugin
