// SPDX-License-Identifier: Apache-2.0
// ELF core files of a kernel: QEMU's dump-guest-memory, virsh dump, /proc/vmcore and its copies.
//
// Physical addresses (p_paddr) find the bytes; virtual ones are not looked at. Thread rule: as Source.
#pragma once

#include "host/memory/mapped_file.hpp"
#include "host/memory/source.hpp"

#include <memory>
#include <string>

namespace mapscope::memory {

/// True when `bytes` begin like an ELF file.
bool is_elf(std::span<const std::byte> bytes);

/// Errors name the file and what of it is not what an ELF core of a kernel looks like.
Result<std::unique_ptr<Source>> open_elf_core(const std::string& name, MappedFile file, bool was_flattened,
                                              const OpenOptions& options = {});

} // namespace mapscope::memory
