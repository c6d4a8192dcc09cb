// SPDX-License-Identifier: Apache-2.0
// Files that a command was given to read, which no report may replace: whatever name they go by, through
// links too (same device and inode).
#pragma once

#include "host/cli/options.hpp"
#include "host/plugin/select/registry.hpp"

#include <string>
#include <vector>

namespace mapscope::cli {

struct Input {
  std::string given_as; ///< "SOURCE", "--vmlinux"
  std::string path;
};

/// Of one command; what is not given is not among them.
std::vector<Input> inputs_of(const SourceOptions& options);
std::vector<Input> inputs_of(const CommonOptions& options);
/// What a configuration names.
std::vector<Input> inputs_of(const config::Config& config);
/// What was found in the directories of plugins and is a library, loaded or not.
std::vector<Input> inputs_of(const plugin::Registry& registry);

/// Whether a report may go to `output`, "" = standard output, which a shell may have made one of them. The
/// error is of code usage.
Result<void> check_output(const std::string& output, const std::vector<Input>& inputs);

} // namespace mapscope::cli
