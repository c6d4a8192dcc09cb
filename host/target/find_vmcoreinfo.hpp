// SPDX-License-Identifier: Apache-2.0
// The VMCOREINFO text of a dump, from its note or from the memory itself.
#pragma once

#include "host/memory/source.hpp"
#include "host/target/vmcoreinfo.hpp"
#include "host/target/x86_64.hpp"

#include <optional>

namespace mapscope::target {

struct FoundVmcoreinfo {
  Vmcoreinfo info;
  bool from_note = false;
};

/// What init_uts_ns, where a VMCOREINFO puts it, says of that VMCOREINFO.
enum class Verdict : std::uint8_t {
  confirmed,    ///< it names the same release
  contradicted, ///< something else lies there
  unreadable,   ///< the dump does not hold it, or the text does not say where it is
};
Verdict check(const Vmcoreinfo& info, const memory::Source& source);

/// The note, unless the memory contradicts it and holds a copy that it confirms. Without a note the first
/// confirmed copy: memory also holds those of earlier boots and of dump files. Empty `info` when there is
/// none.
FoundVmcoreinfo find_vmcoreinfo(const memory::Source& source);

} // namespace mapscope::target
