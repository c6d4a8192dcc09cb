// SPDX-License-Identifier: Apache-2.0
// Flattened dumps (makedumpfile -F, QEMU): the pieces of a file in the order in which they were written, each
// with its place, as they go through a pipe.
//
// They are put together into a temporary file, since not every libkdumpfile reads them, or both formats in
// them. Thread rule: plain functions.
#pragma once

#include "host/memory/kdump_core.hpp"

namespace mapscope::memory {

/// The file itself when it is not flattened. A stream that ends early, or of which parts are missing, is put
/// together as far as it goes; where it wrote nothing the file has lost its bytes, which would read as zeros.
Result<KdumpInput> put_together(const std::string& name, InputFile file);

} // namespace mapscope::memory
