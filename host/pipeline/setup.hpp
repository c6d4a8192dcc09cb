// SPDX-License-Identifier: Apache-2.0
// Configuration in force, and the plugins it finds: what a front end needs before it opens a source.
//
// Refuses: to run anything of a plugin. Thread rule: immutable after open().
#pragma once

#include "host/config/config.hpp"
#include "host/plugin/select/registry.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace mapscope::pipeline {

/// Where configuration comes from, and where else plugins are looked for.
struct SetupInput {
  std::vector<std::string> configs, sets, plugin_dirs;
};

struct Setup {
  config::Loaded loaded;
  plugin::Registry registry;

  /// `more_sets` have the last word. What is not used as a plugin is told, and names that fit nothing.
  /// `given`: a plugin that is in no directory, see Registry::discover().
  static Result<Setup> open(const SetupInput& input, const std::vector<std::string>& more_sets = {},
                            const plugin::Plugin* given = nullptr);
};

/// The directory this program lies in: what $ORIGIN stands for.
std::filesystem::path program_directory();

/// The program's own plugin directories, then those of the configuration and those that were named beside it.
struct PluginDirs {
  std::vector<std::string> built_in, others;
};
PluginDirs plugin_dirs(const config::Plugins& settings, const std::vector<std::string>& named);

} // namespace mapscope::pipeline
