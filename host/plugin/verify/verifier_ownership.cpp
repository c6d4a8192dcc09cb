// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/verifier_ownership.hpp"

#include "host/plugin/verify/elf_image.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

namespace fs = std::filesystem;

std::string system_text(int error) { return std::generic_category().message(error); }

fs::path program_path() {
  std::error_code none; // without /proc there is no program to compare with, and the rule is only stricter
  return fs::canonical("/proc/self/exe", none);
}

/// Whoever can write to a directory above the program can replace the program itself: nothing is gained by
/// mistrusting it, and a program run from its build tree finds its own plugins.
bool holds_program(const fs::path& directory, const fs::path& program) {
  const auto [at, unused] = std::mismatch(directory.begin(), directory.end(), program.begin(), program.end());
  return !program.empty() && at == directory.end();
}

uid_t owner_of(const fs::path& program) {
  struct stat status{};
  return !program.empty() && ::stat(program.c_str(), &status) == 0 ? status.st_uid : 0;
}

std::string problem_at(const fs::path& at, std::span<const uid_t> owners) {
  struct stat status{};
  if (::lstat(at.c_str(), &status) != 0)
    return fmt::format("{} cannot be looked at: {}", printable(at.string(), longest_path),
                       system_text(errno));
  if (S_ISLNK(status.st_mode))
    return fmt::format("{} became a symbolic link while it was looked at",
                       printable(at.string(), longest_path));
  return ownership_problem(at.string(), {status.st_uid, status.st_mode}, owners);
}

std::string privileged_problem(const fs::path& file) {
  static const fs::path program = program_path();
  const std::array<uid_t, 3> owners = {0, ::geteuid(), owner_of(program)};
  if (auto problem = problem_at(file, owners); !problem.empty()) return problem;
  for (fs::path at = file.parent_path(); !holds_program(at, program); at = at.parent_path()) {
    if (auto problem = problem_at(at, owners); !problem.empty()) return problem;
    if (at == at.parent_path()) break;
  }
  return "";
}

} // namespace

std::string ownership_problem(std::string_view name, const Ownership& ownership,
                              std::span<const uid_t> owners) {
  const std::string shown = printable(name, longest_path);
  if (std::ranges::find(owners, ownership.owner) == owners.end())
    return fmt::format(
        "{} belongs to user {}, neither root nor the caller; chown it or run without privileges", shown,
        ownership.owner);
  const bool sticky_directory = S_ISDIR(ownership.mode) && (ownership.mode & S_ISVTX) != 0;
  const bool open_to_others = (ownership.mode & (S_IWGRP | S_IWOTH)) != 0;
  if (open_to_others && !sticky_directory)
    return fmt::format("{} can be written by {}; chmod go-w it or run without privileges", shown,
                       (ownership.mode & S_IWOTH) != 0 ? "everyone" : "its group");
  return "";
}

std::string file_problem(const std::string& path, bool privileged) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  struct stat status{};
  if (error) return fmt::format("the file cannot be found: {}", error.message());
  if (::stat(real.c_str(), &status) != 0)
    return fmt::format("the file cannot be looked at: {}", system_text(errno));
  if (!S_ISREG(status.st_mode)) return "it is not a regular file";
  return privileged ? privileged_problem(real) : "";
}

} // namespace mapscope::plugin
