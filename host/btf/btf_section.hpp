// SPDX-License-Identifier: Apache-2.0
// Where the bytes of .BTF lie in an ELF file of any machine, which is not believed in anything. Private to
// this folder.
//
// Refuses: 32-bit and big-endian files, compressed sections. Thread rule: pure functions.
#pragma once

#include "host/memory/input_file.hpp"

#include <cstdint>

namespace mapscope::btf {

struct Section {
  std::uint64_t offset = 0, size = 0;
};

/// Of a file that begins as ELF files do. The error is one clause without the file's name.
Result<Section> find_btf_section(const memory::InputFile& file);

} // namespace mapscope::btf
