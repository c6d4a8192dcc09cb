// SPDX-License-Identifier: Apache-2.0
// What the attach= lines of a plugin got of a source, in words.
//
// Thread rule: pure.
#pragma once

#include "host/plugin/check/source_targets.hpp"

#include <string>
#include <vector>

namespace mapscope::plugin {

/// What became of one target.
struct TargetResult {
  enum class End : std::uint8_t { not_run, complete, in_part, failed } end = End::not_run;
  std::uint64_t entries = 0;
};

/// Of a source that has nothing for it: one sentence.
std::string words_for_nothing(const Plugin& plugin, const SourceTargets& targets,
                              const Environment& environment);

/// One for each line, and one for all where they are several. `results`: one for each target.
std::vector<RuleResult> words_for_lines(const Plugin& plugin, const SourceTargets& targets,
                                        const Environment& environment,
                                        const std::vector<TargetResult>& results);

} // namespace mapscope::plugin
