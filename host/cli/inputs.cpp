// SPDX-License-Identifier: Apache-2.0
#include "host/cli/inputs.hpp"

#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace mapscope::cli {

namespace {

bool is_file(const std::string& source) {
  return !source.empty() && source != "live" && !source.starts_with("qmp:");
}

bool is_library(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false; // a pipe would wait for its writer
  std::array<char, 4> magic{};
  std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
  return std::string_view(magic.data(), magic.size()) == "\177ELF";
}

std::string own_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

/// A terminal or /dev/null may be both: nothing on it is replaced.
std::optional<struct stat> status_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || S_ISCHR(status.st_mode)) return std::nullopt;
  return status;
}

/// Of a file that would be written into; a pipe or a terminal is none.
std::optional<struct stat> status_of_output(const std::string& output) {
  if (!output.empty()) return status_of(output);
  struct stat status{};
  if (::fstat(STDOUT_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return status;
}

std::string refusal(const std::string& output, const Input& input) {
  if (output.empty())
    return fmt::format("standard output goes into {}, which is given as {}; let it go into another file",
                       input.path, input.given_as);
  const std::string same = output == input.path ? "" : " the same file as " + input.path + ",";
  return fmt::format("-o {}: is{} given as {}, which the report would replace; name another file", output,
                     same, input.given_as);
}

} // namespace

std::vector<Input> inputs_of(const CommonOptions& options) {
  std::vector<Input> inputs;
  for (const auto& config : options.configs) inputs.push_back({"--config", config});
  return inputs;
}

std::vector<Input> inputs_of(const SourceOptions& options) {
  auto inputs = inputs_of(static_cast<const CommonOptions&>(options));
  for (const auto& source : options.sources)
    if (is_file(source)) inputs.push_back({"SOURCE", source});
  inputs.push_back({"--vmlinux", options.overrides.vmlinux});
  inputs.push_back({"--btf", options.overrides.btf});
  inputs.push_back({"--symbols", options.overrides.symbols});
  inputs.push_back({"--vmcoreinfo", options.overrides.vmcoreinfo});
  for (const auto& types : options.types) inputs.push_back({"--types", types});
  std::erase_if(inputs, [](const Input& input) { return input.path.empty(); });
  return inputs;
}

std::vector<Input> inputs_of(const config::Config& config) {
  std::vector<Input> inputs;
  inputs.reserve(config.types.size());
  for (const auto& types : config.types) inputs.push_back({"types in the configuration", types});
  return inputs;
}

std::vector<Input> inputs_of(const plugin::Registry& registry) {
  std::vector<Input> inputs = {{"the program that runs", own_path()}};
  for (const auto& plugin : registry.plugins())
    if (plugin.usable() || is_library(plugin.path)) inputs.push_back({"a plugin", plugin.path});
  return inputs;
}

Result<void> check_output(const std::string& output, const std::vector<Input>& inputs) {
  const auto to = status_of_output(output);
  if (!to) return {};
  for (const Input& input : inputs)
    if (const auto from = status_of(input.path);
        from && from->st_dev == to->st_dev && from->st_ino == to->st_ino)
      return fail(Errc::usage, refusal(output, input));
  return {};
}

} // namespace mapscope::cli
