// SPDX-License-Identifier: Apache-2.0
// An ELF file that is not a dump: a kernel, or the part of one that a distribution keeps beside it.
//
// Refuses: to take a file that is none; the error says what it is instead, and what to do with it.
// Thread rule: one thread.
#pragma once

#include "host/base/result.hpp"

#include <functional>
#include <gelf.h>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mapscope::target {

/// The build id among ELF notes as they lie in a file or in memory, as hexadecimal digits; "" when there is
/// none.
std::string build_id_in(std::span<const std::byte> notes);

class ElfFile {
public:
  /// Of a kernel of `arch`. Errors: usage, beginning with the file's name.
  static Result<std::unique_ptr<ElfFile>> open(const std::string& path, std::string_view arch);
  ElfFile() = default;
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;
  ~ElfFile();

  [[nodiscard]] Elf* elf() const { return elf_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  using Chosen = std::function<bool(const GElf_Shdr&, std::string_view name)>;
  /// The first section `chosen` accepts that has content: a file of debug information keeps the headers of
  /// what it left behind (SHT_NOBITS).
  Elf_Data* section(GElf_Shdr* header, const Chosen& chosen) const;
  /// Null when there is none with a symbol in it.
  Elf_Data* symbol_table(GElf_Shdr* header) const;
  /// Empty when there is none.
  [[nodiscard]] std::span<const std::byte> btf() const;
  [[nodiscard]] std::string build_id() const;

private:
  Result<void> check_header(std::string_view arch) const;

  std::string path_;
  int fd_ = -1;
  Elf* elf_ = nullptr;
};

} // namespace mapscope::target
