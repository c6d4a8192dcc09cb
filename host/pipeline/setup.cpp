// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/setup.hpp"

#include "host/pipeline/slips.hpp"

#include <spdlog/spdlog.h>
#include <string_view>
#include <system_error>

namespace mapscope::pipeline {

namespace {

namespace fs = std::filesystem;

std::string expand(const std::string& directory) {
  constexpr std::string_view word = "$ORIGIN";
  if (!directory.starts_with(word)) return directory;
  return program_directory().string() + directory.substr(word.size());
}

void tell_unused(const plugin::Registry& registry) {
  for (const auto& plugin : registry.plugins())
    if (!plugin.usable())
      spdlog::log(plugin.is_unwanted ? spdlog::level::info : spdlog::level::warn,
                  "{}: not used as a plugin: {}", plugin.path, plugin.refused);
}

} // namespace

fs::path program_directory() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

PluginDirs plugin_dirs(const config::Plugins& settings, const std::vector<std::string>& named) {
  PluginDirs dirs;
  std::error_code error;
  const fs::path origin = program_directory();
  for (const fs::path& own : {origin / "plugins", origin / MAPSCOPE_PLUGINS_FROM_BIN})
    if (fs::is_directory(own, error)) dirs.built_in.push_back(own.lexically_normal().string());
  for (const auto& directory : settings.search) dirs.others.push_back(expand(directory));
  dirs.others.insert(dirs.others.end(), named.begin(), named.end());
  return dirs;
}

Result<Setup> Setup::open(const SetupInput& input, const std::vector<std::string>& more_sets,
                          const plugin::Plugin* given) {
  std::vector<std::string> sets = input.sets;
  sets.insert(sets.end(), more_sets.begin(), more_sets.end());
  auto loaded = config::load(input.configs, sets);
  if (!loaded) return std::unexpected(loaded.error());
  const auto dirs = plugin_dirs(loaded->config.plugins, input.plugin_dirs);
  auto registry = plugin::Registry::discover(dirs.built_in, dirs.others, loaded->config.plugins,
                                             plugin::default_policy(), given);
  if (!registry) return std::unexpected(registry.error());
  if (auto checked = registry->check_options(loaded->config); !checked)
    return std::unexpected(checked.error());
  tell_unused(*registry);
  tell_slips(loaded->config.plugins, *registry);
  return Setup{std::move(*loaded), std::move(*registry)};
}

} // namespace mapscope::pipeline
