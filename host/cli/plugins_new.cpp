// SPDX-License-Identifier: Apache-2.0
// plugins new: a plugin's project out of the template that is installed with the program.
#include "host/cli/message.hpp"
#include "host/cli/plugins_new_skeleton.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/setup.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

namespace mapscope::cli {

namespace {

namespace fs = std::filesystem;

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

std::string filled(std::string text, const Skeleton& skeleton) {
  for (const auto& [placeholder, word] : skeleton.words) replace_all(text, placeholder, word);
  return text;
}

/// test/NAME_test.cpp.in is the test of the plugin NAME; gitignore.in is none of the template's own.
fs::path target_of(const fs::path& relative, const std::string& name) {
  std::string text = relative.string();
  if (text.ends_with(".in")) text.resize(text.size() - 3);
  replace_all(text, "NAME", name);
  return text == "gitignore" ? ".gitignore" : text;
}

Result<void> write_file(const fs::path& from, const fs::path& to, const Skeleton& skeleton) {
  std::ifstream in(from, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(Errc::io, fmt::format("{}: cannot be read", from.string()));
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  std::ofstream out(to, std::ios::binary);
  out << filled(std::move(text).str(), skeleton);
  out.close();
  if (error || !out) return fail(Errc::io, fmt::format("{}: cannot be written", to.string()));
  return {};
}

/// A file of the template, and where it goes in the project.
using Copied = std::pair<fs::path, fs::path>;

Result<void> find_files(const fs::path& source, const std::string& name, std::vector<Copied>& files) {
  std::error_code error;
  const std::size_t before = files.size();
  for (fs::recursive_directory_iterator at(source, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file())
      files.emplace_back(at->path(), target_of(at->path().lexically_relative(source), name));
  if (!error && files.size() != before) return {};
  return fail(Errc::io,
              fmt::format("{}: the template of a plugin's project cannot be read", source.string()));
}

/// The paths written, in order.
Result<std::vector<fs::path>> write_project(const fs::path& source, const Skeleton& skeleton,
                                            const fs::path& folder, const std::string& name) {
  std::vector<Copied> files;
  for (const std::string& part : {std::string("common"), skeleton.folder})
    if (auto found = find_files(source / part, name, files); !found) return std::unexpected(found.error());
  std::ranges::sort(files, {}, &Copied::second);
  std::vector<fs::path> written;
  for (const auto& [from, relative] : files) {
    written.push_back(folder / relative);
    if (auto done = write_file(from, written.back(), skeleton); !done) return std::unexpected(done.error());
  }
  return written;
}

} // namespace

int plugins_new(const PluginsNewOptions& options) {
  const fs::path folder = options.directory.empty() ? options.name : options.directory;
  const auto skeleton = skeleton_of(options);
  if (!skeleton) return complain(skeleton.error());
  if (auto checked = check_free(folder); !checked) return complain(checked.error());
  const auto source = find_template();
  if (!source) return complain(source.error());
  const auto written = write_project(*source, *skeleton, folder, options.name);
  if (!written) return complain(written.error());
  StdoutStream out;
  for (const fs::path& file : *written) out.append(fmt::format("{}\n", file.string()));
  return out.finish();
}

} // namespace mapscope::cli
