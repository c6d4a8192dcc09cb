// SPDX-License-Identifier: Apache-2.0
// plugins new: a plugin's project out of the template that is installed with the program.
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/setup.hpp"
#include "host/plugin/verify/manifest_rules.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

namespace mapscope::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_name = 32;
/// Targets that CMake has for itself (policy CMP0037) and those of the template.
constexpr std::array<std::string_view, 10> taken_names = {
    "all",     "clean",          "edit_cache", "help",          "install",
    "package", "package_source", "preinstall", "rebuild_cache", "test"};

Result<void> check_name(const std::string& name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  const bool starts_well = !name.empty() && name[0] >= 'a' && name[0] <= 'z';
  if (!starts_well || name.size() > longest_name || !std::ranges::all_of(name, fits))
    return fail(
        Errc::usage,
        fmt::format("\"{}\" cannot be a plugin's name: 1 to {} lowercase letters, digits and _, the first a "
                    "letter, such as task_stats",
                    name, longest_name));
  if (std::ranges::find(taken_names, name) != taken_names.end())
    return fail(Errc::usage,
                fmt::format("{} is a target that CMake has for itself; choose another name", name));
  return {};
}

/// Empty or not there.
Result<void> check_free(const fs::path& folder) {
  std::error_code error;
  const auto status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) return {};
  if (status.type() != fs::file_type::directory)
    return fail(Errc::usage, fmt::format("{}: is there and no directory; name another one", folder.string()));
  const bool empty = fs::is_empty(folder, error);
  if (error)
    return fail(Errc::usage, fmt::format("{}: cannot be looked into: {}", folder.string(), error.message()));
  if (!empty)
    return fail(Errc::usage,
                fmt::format("{}: is not empty; name a directory that is, or none", folder.string()));
  return {};
}

/// In the build tree, and installed.
std::array<fs::path, 2> template_dirs() {
  const fs::path origin = pipeline::program_directory();
  return {origin / "template", (origin / MAPSCOPE_DATA_FROM_BIN / "template").lexically_normal()};
}

Result<fs::path> find_template() {
  const auto places = template_dirs();
  std::error_code error;
  for (const auto& place : places)
    if (fs::is_directory(place, error)) return place;
  return fail(Errc::io, fmt::format("the template of a plugin's project is not in {}; is mapscope installed "
                                    "as a whole?",
                                    places.back().string()));
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::string filled(std::string text, const std::string& name) {
  const auto abi = plugin::host_abi();
  replace_all(text, "@NAME@", name);
  replace_all(text, "@ID@", "org.example." + name);
  replace_all(text, "@ABI@", fmt::format("{}.{}", abi.major, abi.minor));
  return text;
}

/// test/NAME_test.cpp.in is the test of the plugin NAME; gitignore.in is none of the template's own.
fs::path target_of(const fs::path& relative, const std::string& name) {
  std::string text = relative.string();
  if (text.ends_with(".in")) text.resize(text.size() - 3);
  replace_all(text, "NAME", name);
  return text == "gitignore" ? ".gitignore" : text;
}

Result<void> write_file(const fs::path& from, const fs::path& to, const std::string& name) {
  std::ifstream in(from, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(Errc::io, fmt::format("{}: cannot be read", from.string()));
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  std::ofstream out(to, std::ios::binary);
  out << filled(std::move(text).str(), name);
  out.close();
  if (error || !out) return fail(Errc::io, fmt::format("{}: cannot be written", to.string()));
  return {};
}

/// The paths written, in order.
Result<std::vector<fs::path>> write_project(const fs::path& source, const fs::path& folder,
                                            const std::string& name) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(source, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file()) files.push_back(at->path());
  if (error || files.empty())
    return fail(Errc::io,
                fmt::format("{}: the template of a plugin's project cannot be read", source.string()));
  std::ranges::sort(files);
  for (fs::path& file : files) {
    const fs::path to = folder / target_of(file.lexically_relative(source), name);
    if (auto written = write_file(file, to, name); !written) return std::unexpected(written.error());
    file = to;
  }
  return files;
}

} // namespace

int plugins_new(const PluginsNewOptions& options) {
  const fs::path folder = options.directory.empty() ? options.name : options.directory;
  if (auto checked = check_name(options.name); !checked) return complain(checked.error());
  if (auto checked = check_free(folder); !checked) return complain(checked.error());
  const auto source = find_template();
  if (!source) return complain(source.error());
  const auto written = write_project(*source, folder, options.name);
  if (!written) return complain(written.error());
  StdoutStream out;
  for (const fs::path& file : *written) out.append(fmt::format("{}\n", file.string()));
  return out.finish();
}

} // namespace mapscope::cli
