// SPDX-License-Identifier: Apache-2.0
// What a library tells the dynamic loader: its tags, the libraries it needs, its dynamic symbols.
//
// Thread rule: views of the image's bytes; immutable after read().
#pragma once

#include "host/plugin/verify/elf_image.hpp"

#include <map>
#include <optional>

namespace mapscope::plugin {

struct DynamicSymbol {
  std::string_view name;
  Elf64_Sym symbol{};
  std::string_view library; ///< which must provide it, as its version says; "" without a version
  [[nodiscard]] bool defined() const { return symbol.st_shndx != SHN_UNDEF; }
  [[nodiscard]] unsigned binding() const { return ELF64_ST_BIND(symbol.st_info); }
};

class DynamicSection {
public:
  /// Rule V3 for the dynamic section and every table it names: inside the bytes that are loaded.
  static Result<DynamicSection> read(const ElfImage& image);

  /// Nothing when the tag is absent. Of a tag that stands twice the last counts, as for the loader.
  [[nodiscard]] std::optional<std::uint64_t> value(std::int64_t tag) const;
  [[nodiscard]] const std::vector<std::string_view>& needed() const { return needed_; }
  [[nodiscard]] const std::vector<DynamicSymbol>& symbols() const { return symbols_; }
  /// Libraries for which versions are stated (DT_VERNEED).
  [[nodiscard]] const std::vector<std::string_view>& versioned() const { return versioned_; }

private:
  explicit DynamicSection(const ElfImage& image) : image_(&image) {}
  Result<void> read_tags();
  Result<void> read_strings();
  Result<void> read_needed();
  Result<void> read_versions();
  Result<void> read_version_names(std::span<const std::byte> file, const Elf64_Verneed& need,
                                  std::string_view library);
  Result<void> read_symbols();
  [[nodiscard]] Result<std::string_view> string(std::uint64_t offset) const;
  [[nodiscard]] std::span<const std::byte> table(std::int64_t tag) const;

  const ElfImage* image_;
  std::map<std::int64_t, std::uint64_t> tags_;
  std::vector<std::uint64_t> needed_offsets_;
  std::string_view strings_;
  std::vector<std::string_view> needed_, versioned_;
  std::map<std::uint16_t, std::string_view> library_of_version_;
  std::size_t version_names_ = 0; ///< read so far; a file may state one name again and again
  std::vector<DynamicSymbol> symbols_;
};

} // namespace mapscope::plugin
