// SPDX-License-Identifier: Apache-2.0
#include "host/btf/btf_section.hpp"

#include <algorithm>
#include <elf.h>
#include <fmt/format.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::btf {

namespace {

constexpr std::uint64_t most_sections = 1U
                                        << 18;  ///< -ffunction-sections gives a large kernel a tenth of that
constexpr std::uint64_t most_names = 64U << 20; ///< bytes

std::unexpected<Error> refuse(std::string why) { return fail(Errc::usage, std::move(why)); }

std::unexpected<Error> damaged(std::string_view what) {
  return refuse(fmt::format("a damaged ELF file: {}; copy or compile it again", what));
}

Result<Elf64_Ehdr> read_header(const memory::InputFile& file) {
  unsigned char identity[EI_NIDENT] = {};
  if (!file.read_at(0, identity)) return damaged("it ends in its header");
  if (identity[EI_DATA] == ELFDATA2MSB)
    return refuse("a big-endian ELF file; only little-endian ones are read (clang -target bpfel)");
  if (identity[EI_CLASS] != ELFCLASS64)
    return refuse("a 32-bit ELF file; only 64-bit ones are read, as BPF objects are (clang -target bpf)");
  Elf64_Ehdr header{};
  if (!file.read_at(0, header)) return damaged("it ends in its header");
  return header;
}

/// Numbers that do not fit the header's 16 bits stand in the first section (gABI, e_shnum and e_shstrndx).
struct Table {
  std::uint64_t count = 0, names = 0;
};
Result<Table> table_of(const memory::InputFile& file, const Elf64_Ehdr& header) {
  if (header.e_shoff == 0) return Table{};
  Table table{header.e_shnum, header.e_shstrndx};
  if (header.e_shentsize != sizeof(Elf64_Shdr)) return damaged("section headers of an odd size");
  Elf64_Shdr first{};
  if (!file.read_at(header.e_shoff, first)) return damaged("its section headers lie behind its end");
  if (header.e_shnum == 0) table.count = first.sh_size;
  if (header.e_shstrndx == SHN_XINDEX) table.names = first.sh_link;
  if (table.count > most_sections) return damaged(fmt::format("it is to have {} sections", table.count));
  if (table.count != 0 && table.names >= table.count) return damaged("its sections have no names");
  return table;
}

Result<std::vector<Elf64_Shdr>> read_sections(const memory::InputFile& file, std::uint64_t at,
                                              std::uint64_t count) {
  if (!file.holds(at, count * sizeof(Elf64_Shdr))) return damaged("its section headers lie behind its end");
  std::vector<Elf64_Shdr> sections(count);
  if (!file.read_at(at, std::as_writable_bytes(std::span(sections))))
    return damaged("it became shorter while it was read");
  return sections;
}

Result<std::string> read_names(const memory::InputFile& file, const Elf64_Shdr& section) {
  if (section.sh_size > most_names || !file.holds(section.sh_offset, section.sh_size))
    return damaged("the names of its sections lie behind its end");
  std::string names(section.sh_size, '\0');
  if (!file.read_at(section.sh_offset, std::as_writable_bytes(std::span(names))))
    return damaged("it became shorter while it was read");
  return names;
}

std::string_view name_at(std::string_view names, std::uint32_t offset) {
  const std::string_view rest = names.substr(std::min<std::size_t>(offset, names.size()));
  return rest.substr(0, rest.find('\0'));
}

Result<Section> checked(const memory::InputFile& file, const Elf64_Shdr& section) {
  if ((section.sh_flags & SHF_COMPRESSED) != 0)
    return refuse("its .BTF is compressed; unpack it (objcopy --decompress-debug-sections)");
  if (!file.holds(section.sh_offset, section.sh_size)) return damaged("its .BTF lies behind its end");
  return Section{section.sh_offset, section.sh_size};
}

} // namespace

Result<Section> find_btf_section(const memory::InputFile& file) {
  const auto header = read_header(file);
  if (!header) return std::unexpected(header.error());
  const auto table = table_of(file, *header);
  if (!table) return std::unexpected(table.error());
  const auto sections = read_sections(file, header->e_shoff, table->count);
  if (!sections) return std::unexpected(sections.error());
  const auto names = sections->empty() ? std::string() : read_names(file, (*sections)[table->names]);
  if (!names) return std::unexpected(names.error());
  for (const Elf64_Shdr& section : *sections)
    if (section.sh_type != SHT_NOBITS && section.sh_size != 0 && name_at(*names, section.sh_name) == ".BTF")
      return checked(file, section);
  return refuse(
      "an ELF file without types (.BTF); compile it with -g (clang -target bpf -g), or give one that "
      "was");
}

} // namespace mapscope::btf
