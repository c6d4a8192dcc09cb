// SPDX-License-Identifier: Apache-2.0
// What `plugins new` writes: which part of the template, and what stands for its placeholders.
//
// Refuses: names and types that could not be in a manifest; they also go into C++ as they are. Thread rule:
// pure.
#pragma once

#include "host/cli/options.hpp"

#include <utility>

namespace mapscope::cli {

struct Skeleton {
  std::string folder;                                          ///< of the template, beside "common"
  std::vector<std::pair<std::string_view, std::string>> words; ///< a placeholder and what it becomes
};

/// An error is one of usage.
Result<Skeleton> skeleton_of(const PluginsNewOptions& options);

} // namespace mapscope::cli
