// SPDX-License-Identifier: Apache-2.0
// Where the bytes of a raw image lie, by the kernel in it.
//
// The file of a virtual machine's RAM holds low RAM, and right behind it what the machine has from 4 GiB on.
// How much is low depends on the hypervisor and on its machine's type, and the file does not tell. The kernel
// knows where its RAM is, up to what firmware keeps for itself at the end of each part; the file's size
// settles that. The list itself may lie above the hole: then it can be read under one layout and no other,
// which is found by trying. Of a file that was cut, and the list with it, the kernel's own image still says
// where RAM ends. Refuses: to guess; what could not be found stays as it is, with a sentence. Thread rule:
// pure function.
#pragma once

#include "host/btf/types.hpp"
#include "host/memory/layout.hpp"
#include "host/target/target.hpp"

#include <string>

namespace mapscope::catalog {

struct FoundLayout {
  memory::Layout layout; ///< empty: not found
  std::string how;       ///< for people, or why it was not found
};

/// `target` is of a raw image that nobody has laid out yet, or only as far as to find the kernel.
FoundLayout find_layout(const target::Target& target, const btf::Types& types);

} // namespace mapscope::catalog
