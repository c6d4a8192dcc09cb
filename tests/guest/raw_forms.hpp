// SPDX-License-Identifier: Apache-2.0
// A captured ELF core as hypervisors and other tools would have saved the same memory.
//
// What is zero in the core is a hole in the raw file. Thread rule: plain functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mapscope::guest {

/// RAM of the machine as the core's headers have it, without firmware below 4 GiB.
struct Ram {
  std::uint64_t address = 0, size = 0, offset = 0; ///< offset: in the core
};
std::vector<Ram> ram_of(const std::filesystem::path& core);

/// As QEMU's memory-backend-file leaves it: all RAM, part behind part. Up to `most` bytes.
void write_raw(const std::filesystem::path& core, const std::filesystem::path& to,
               std::uint64_t most = ~0ULL);
void write_lime(const std::filesystem::path& core, const std::filesystem::path& to);
void write_avml(const std::filesystem::path& core, const std::filesystem::path& to);

} // namespace mapscope::guest
