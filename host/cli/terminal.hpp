// SPDX-License-Identifier: Apache-2.0
// What stands at the other end of a descriptor, when a person does.
#pragma once

#include <string_view>

namespace mapscope::cli {

struct Terminal {
  bool is_there = false;
  bool is_dumb = true;  ///< TERM=dumb: takes lines and nothing that moves or colours
  unsigned columns = 0; ///< 0 = not known
  unsigned rows = 0;    ///< the same

  static Terminal of(int fd);
  /// `when` as --color has it: "always", "never", or "auto", which NO_COLOR (https://no-color.org) turns off.
  [[nodiscard]] bool colored(std::string_view when) const;
};

} // namespace mapscope::cli
