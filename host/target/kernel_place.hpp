// SPDX-License-Identifier: Apache-2.0
// A raw image in which the kernel's own image lies where the kernel believes it does.
//
// RAM above 4 GiB follows low RAM directly in the file, so what lies there has an address that is larger than
// its offset, by a hole whose size the file does not tell. A kernel below the hole needs nothing; one above
// it (KASLR may choose any place) is looked for under every hole of whole MiB. Where the rest of the file
// lies is found with its types, in catalog/ram_layout. Thread rule: pure function.
#pragma once

#include "host/memory/source.hpp"
#include "host/target/given_files.hpp"

#include <memory>

namespace mapscope::target {

/// The source itself when it is no raw image, or when there is nothing to move. An error when it is one, and
/// holds no kernel at all.
Result<std::unique_ptr<memory::Source>> place_kernel(std::unique_ptr<memory::Source> source,
                                                     const Overrides& overrides);

} // namespace mapscope::target
