// SPDX-License-Identifier: Apache-2.0
// Files that hold no memory that could be read, known by their content: what each is, and what to give
// instead.
//
// Refuses: to read any of them, and to believe a name. Nothing is unpacked. Thread rule: plain functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace mapscope::memory {

/// "a gzip file; unpack it and give what is in it", or nothing when it is none that is known.
std::optional<std::string> other_form(std::span<const std::byte> bytes);

/// The same of a 64-bit ELF file; nothing when it may be a core of a kernel.
std::optional<std::string> other_elf(std::span<const std::byte> bytes);

} // namespace mapscope::memory
