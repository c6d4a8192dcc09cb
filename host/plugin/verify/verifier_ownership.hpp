// SPDX-License-Identifier: Apache-2.0
// Rule V1: with privileges, nobody but root and the caller may have a hand in what is loaded.
//
// Thread rule: ownership_problem() reads the file system; the rest is pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace mapscope::plugin {

/// What one file or directory says of itself.
struct Ownership {
  uid_t owner = 0;
  mode_t mode = 0;
};

constexpr std::size_t longest_path = 4096; ///< that messages show

/// Why the thing called `name` may not be trusted by someone who trusts `owners`, or "". In a sticky
/// directory
/// (/tmp) others can add files, but not replace those that are there, which are checked on their own.
std::string ownership_problem(std::string_view name, const Ownership& ownership,
                              std::span<const uid_t> owners);

/// The same for a regular file at `path` and each directory above it, symbolic links resolved first.
std::string file_problem(const std::string& path, bool privileged);

} // namespace mapscope::plugin
