// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/elf_symbols.hpp"

#include "host/plugin/verify/elf_image.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <memory>

namespace mapscope::plugin {

namespace {

constexpr std::size_t longest_name = 100;

/// Empty when the range is not inside.
std::span<const std::byte> part(std::span<const std::byte> bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return {};
  return bytes.subspan(offset, size);
}

template <class T> std::optional<T> record(std::span<const std::byte> table, std::uint64_t index) {
  const auto bytes =
      index > table.size() / sizeof(T) ? table.first(0) : part(table, index * sizeof(T), sizeof(T));
  if (bytes.empty()) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

class SectionHeaders {
public:
  explicit SectionHeaders(std::span<const std::byte> library) : library_(library) {
    const auto header = record<Elf64_Ehdr>(library, 0);
    if (header && header->e_shentsize == sizeof(Elf64_Shdr))
      table_ = part(library, header->e_shoff, std::uint64_t{header->e_shnum} * sizeof(Elf64_Shdr));
  }
  [[nodiscard]] std::optional<Elf64_Shdr> find(std::uint32_t type) const {
    for (std::uint64_t i = 0; i < table_.size() / sizeof(Elf64_Shdr); ++i)
      if (const auto header = record<Elf64_Shdr>(table_, i); header && header->sh_type == type) return header;
    return std::nullopt;
  }
  [[nodiscard]] std::span<const std::byte> content(const Elf64_Shdr& header) const {
    return part(library_, header.sh_offset, header.sh_size);
  }
  [[nodiscard]] std::span<const std::byte> content(std::uint64_t index) const {
    const auto header = record<Elf64_Shdr>(table_, index);
    return header ? content(*header) : std::span<const std::byte>();
  }

private:
  std::span<const std::byte> library_, table_;
};

/// As the author wrote it, where that can be told.
std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return text && status == 0 ? text.get() : name;
}

std::string name_at(std::span<const std::byte> strings, std::uint64_t offset) {
  if (offset >= strings.size()) return "";
  const auto* text = reinterpret_cast<const char*>(strings.data() + offset);
  const std::string name(text, ::strnlen(text, std::min(strings.size() - offset, longest_name)));
  return printable(demangled(name), longest_name);
}

} // namespace

std::optional<CodePlace> code_place(std::span<const std::byte> library, std::uint64_t address) {
  const SectionHeaders sections(library);
  const auto table = sections.find(SHT_SYMTAB);
  if (!table) return std::nullopt;
  const auto symbols = sections.content(*table), strings = sections.content(std::uint64_t{table->sh_link});
  for (std::uint64_t i = 0; i < symbols.size() / sizeof(Elf64_Sym); ++i) {
    const auto symbol = record<Elf64_Sym>(symbols, i);
    if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF) continue;
    if (address < symbol->st_value || address - symbol->st_value >= symbol->st_size) continue;
    if (auto name = name_at(strings, symbol->st_name); !name.empty())
      return CodePlace{std::move(name), address - symbol->st_value};
  }
  return std::nullopt;
}

} // namespace mapscope::plugin
