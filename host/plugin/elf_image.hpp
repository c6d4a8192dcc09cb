// SPDX-License-Identifier: Apache-2.0
// A shared library's bytes, read without trusting a single offset and without loading it.
//
// Refuses: anything but what the verifier asks for. Thread rule: borrowed view of the bytes; immutable.
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <elf.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plugin {

struct DynamicSymbol {
  std::string_view name;
  Elf64_Sym symbol{};
  std::string_view version; ///< library-given version of an undefined symbol, "" when it has none
};

class ElfImage {
public:
  /// Rules V2 and V3: a 64-bit little-endian ET_DYN of this machine whose headers lie inside the file.
  static Result<ElfImage> open(std::span<const std::byte> bytes);

  [[nodiscard]] std::span<const Elf64_Phdr> segments() const { return segments_; }

  struct Notes {
    std::vector<std::string_view> descriptions; ///< of notes with owner "MSC" and type 1
    bool from_sections = false;                 ///< not covered by PT_NOTE (an old patchelf moves them out)
  };
  [[nodiscard]] Notes manifest_notes() const;

  /// Errors: the dynamic section or a table it names does not lie inside the file.
  Result<void> read_dynamic();
  [[nodiscard]] bool has_tag(std::int64_t tag) const;
  [[nodiscard]] std::uint64_t tag_value(std::int64_t tag) const; ///< 0 when absent
  [[nodiscard]] std::vector<std::string_view> needed() const;
  [[nodiscard]] const std::vector<DynamicSymbol>& symbols() const { return symbols_; }

private:
  explicit ElfImage(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] std::optional<std::uint64_t> file_offset(std::uint64_t address) const;
  [[nodiscard]] std::string_view dynamic_string(std::uint64_t offset) const;
  [[nodiscard]] std::optional<std::uint64_t> symbol_count() const;
  void collect_notes(std::uint64_t offset, std::uint64_t size, Notes& into) const;
  void read_versions();

  std::span<const std::byte> bytes_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Dyn> dynamic_;
  std::vector<DynamicSymbol> symbols_;
};

} // namespace mapscope::plugin
