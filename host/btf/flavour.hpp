// SPDX-License-Identifier: Apache-2.0
// Names of types that a program brings in a shape of its own: "struct task_struct___old" (CO-RE).
//
// Thread rule: pure.
#pragma once

#include <string>

namespace mapscope::btf {

/// The kernel's own name of it.
inline std::string without_flavour(const std::string& spelled) {
  const std::size_t flavour = spelled.find("___");
  return flavour == spelled.npos || flavour == 0 ? spelled : spelled.substr(0, flavour);
}

} // namespace mapscope::btf
