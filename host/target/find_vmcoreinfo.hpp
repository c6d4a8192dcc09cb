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

/// The note if there is one, else the first copy in memory that describes the memory it lies in: memory also
/// holds copies of earlier boots and of dump files. Empty `info` when there is none.
FoundVmcoreinfo find_vmcoreinfo(const memory::Source& source);

/// True when init_uts_ns, where `info` puts it, names the release that `info` names.
bool describes(const Vmcoreinfo& info, const memory::Source& source);

} // namespace mapscope::target
