// SPDX-License-Identifier: Apache-2.0
// kdump-compressed dumps: makedumpfile's and QEMU's, whole or split over several files.
//
// Pages are unpacked when they are first looked at. Which pages there are is read from the dump's own two
// bitmaps: of the memory that there was, and of what the dump holds of it. Thread rule: as Source.
#pragma once

#include "host/memory/kdump_header.hpp"
#include "host/memory/source.hpp"

#include <memory>
#include <vector>

namespace mapscope::memory {

/// A file as it was given: how it was packed is no part of it any more.
struct KdumpInput {
  std::string name;
  InputFile file;
  bool was_flattened = false;
};

/// Errors name the file, what was found, and what to give instead.
Result<std::unique_ptr<Source>> open_kdump(std::vector<KdumpInput> inputs, const OpenOptions& options);

} // namespace mapscope::memory
