// SPDX-License-Identifier: Apache-2.0
// Writes ELF cores, right and wrong ones: every field can be changed before the file is written.
#pragma once

#include "host/memory/source.hpp"

#include <cstdint>
#include <elf.h>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::test {

/// A file with this content that goes away with the object.
class ScratchFile {
public:
  explicit ScratchFile(std::string_view content);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

class CoreFile {
public:
  CoreFile();

  /// A PT_LOAD with `bytes` behind all headers. `size` is p_memsz, 0 = as many as there are bytes.
  Elf64_Phdr& load(std::uint64_t physical, std::string_view bytes, std::uint64_t size = 0);
  /// A PT_NOTE with one note.
  Elf64_Phdr& note(std::string_view name, std::string_view text, std::uint32_t type = 0);
  /// Segments are placed when the file is made; what was changed in a header by then stays.
  [[nodiscard]] std::string bytes() const;

  Elf64_Ehdr header{};
  /// Counts program headers in section 0 as files with many do.
  bool extended_count = false;

private:
  Elf64_Phdr& add(std::uint32_t type, std::string_view content);

  std::vector<Elf64_Phdr> headers_;
  std::string content_; ///< of all segments; p_offset counts from its start until the file is made
};

/// All that an image holds, with its VMCOREINFO as a note, as a core of its architecture.
CoreFile core_of(const memory::Source& image);

} // namespace mapscope::test
