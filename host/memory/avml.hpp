// SPDX-License-Identifier: Apache-2.0
// AVML's compressed form (version 2): LiME's headers, and behind each a stream of snappy frames.
//
// All of it is unpacked once, into a file without a name; memory of zeros takes no room there. Refuses: bytes
// whose checksum does not fit, which are missing then. Thread rule: as Source.
#pragma once

#include "host/memory/mapped_file.hpp"
#include "host/memory/source.hpp"

#include <memory>
#include <string>

namespace mapscope::memory {

Result<std::unique_ptr<Source>> open_avml(const std::string& name, MappedFile file);

} // namespace mapscope::memory
