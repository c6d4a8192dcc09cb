// SPDX-License-Identifier: Apache-2.0
// Everything a command needs of one source, opened once and in order.
//
// Thread rule: immutable after open().
#pragma once

#include "host/catalog/agreement.hpp"
#include "host/catalog/catalog.hpp"
#include "host/catalog/code_symbols.hpp"
#include "host/catalog/families.hpp"
#include "host/cli/options.hpp"
#include "host/config/config.hpp"
#include "host/plugin/select/registry.hpp"

#include <filesystem>
#include <memory>

namespace mapscope::cli {

/// Configuration in force, and the plugins it finds; no source needed.
struct Setup {
  config::Loaded loaded;
  plugin::Registry registry;

  static Result<Setup> open(const CommonOptions& options, std::vector<std::string> more_sets = {});
};

/// The program's own plugin directories, then those of the configuration and of the command line.
struct PluginDirs {
  std::vector<std::string> built_in, others;
};
PluginDirs plugin_dirs(const config::Plugins& settings, const std::vector<std::string>& from_command_line);

/// Where the template of a plugin's project may be: in the build tree, and installed.
std::vector<std::filesystem::path> template_dirs();

/// How the source is opened: as the command line says, within what configuration lets it take.
memory::OpenOptions opening_of(const SourceOptions& options, const config::Config& config);

struct Session {
  std::unique_ptr<memory::Source> source;
  std::unique_ptr<target::Target> target;
  std::shared_ptr<const btf::Types> kernel;
  catalog::Catalog catalog;
  std::unique_ptr<catalog::CodeSymbols> symbols;
  std::unique_ptr<catalog::Families> families;
  catalog::Agreement agreement;
  std::vector<target::FoundVmcoreinfo> crash_kernels; ///< that run where this kernel crashed
  std::vector<std::string> warnings; ///< about the source and the kernel in it, for stderr and findings

  static Result<Session> open(const SourceOptions& options, const config::Config& config);
  /// What of the kernel's tables could not be read, on stderr.
  void tell_gaps() const;
  /// What went wrong while the source was read, on stderr.
  void tell_troubles() const;
};

} // namespace mapscope::cli
