// SPDX-License-Identifier: Apache-2.0
// The program with plugins of its own, as an installed tree has them.
#pragma once

#include "captures.hpp"

namespace mapscope::guest {

/// A copy of the program and its plugins, to take some away from.
class Installed {
public:
  Installed() {
    std::filesystem::copy_file(MAPSCOPE_PROGRAM, program());
    std::filesystem::copy(std::filesystem::path(MAPSCOPE_PROGRAM).parent_path() / "plugins", plugins(),
                          std::filesystem::copy_options::recursive);
  }
  [[nodiscard]] std::string program() const { return (scratch_ / "mapscope").string(); }
  [[nodiscard]] std::filesystem::path plugins() const { return scratch_ / "plugins"; }

private:
  Scratch scratch_;
};

} // namespace mapscope::guest
