// SPDX-License-Identifier: Apache-2.0
// Temporary files that nobody else finds, and that are gone with their last descriptor and mapping, whatever
// ends the program.
//
// Refuses: to choose a directory. Thread rule: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mapscope {

/// A descriptor to read and write; -1, and errno, when the directory takes no file.
int open_unlinked(const std::string& directory);

/// All of `bytes` at `offset`: 0, or the error of write(2), ENOSPC where the file system is full.
int write_all_at(int fd, std::uint64_t offset, std::span<const std::byte> bytes);

} // namespace mapscope
