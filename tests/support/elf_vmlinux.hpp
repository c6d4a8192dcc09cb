// SPDX-License-Identifier: Apache-2.0
// An ELF executable with the sections that are read of a vmlinux: .symtab, .strtab and .BTF.
#pragma once

#include <cstdint>
#include <cstring>
#include <elf.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::test {

class VmlinuxWriter {
public:
  std::size_t add(std::string_view name, std::uint32_t type, std::string_view content, std::uint32_t link = 0,
                  std::uint64_t entry = 0) {
    Elf64_Shdr section{};
    section.sh_name = static_cast<Elf64_Word>(names_.size());
    section.sh_type = type;
    section.sh_offset = sizeof(Elf64_Ehdr) + content_.size();
    section.sh_size = content.size();
    section.sh_link = link;
    section.sh_entsize = entry;
    section.sh_addralign = 1;
    names_.append(name).append(1, '\0');
    content_.append(content).resize((content_.size() + 7) / 8 * 8);
    sections_.push_back(section);
    return sections_.size() - 1;
  }

  [[nodiscard]] std::string bytes() {
    const std::size_t strings = add(".shstrtab", SHT_STRTAB, names_ + ".shstrtab\0");
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof header;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shoff = sizeof header + content_.size();
    header.e_shnum = static_cast<Elf64_Half>(sections_.size());
    header.e_shstrndx = static_cast<Elf64_Half>(strings);
    std::string file(reinterpret_cast<const char*>(&header), sizeof header);
    file += content_;
    return file.append(reinterpret_cast<const char*>(sections_.data()),
                       sections_.size() * sizeof(Elf64_Shdr));
  }

private:
  std::string content_, names_ = std::string(1, '\0');
  std::vector<Elf64_Shdr> sections_{Elf64_Shdr{}};
};

/// A note with a build id given in hexadecimal.
inline std::string build_id_note(std::string_view id) {
  const Elf64_Nhdr header{4, static_cast<Elf64_Word>(id.size() / 2), NT_GNU_BUILD_ID};
  std::string note(reinterpret_cast<const char*>(&header), sizeof header);
  note.append("GNU\0", 4);
  for (std::size_t at = 0; at + 1 < id.size(); at += 2)
    note += static_cast<char>(std::stoi(std::string(id.substr(at, 2)), nullptr, 16));
  return note;
}

/// As a linker would write it: first the name of a source file, then the symbols. What is empty is left out.
inline std::string elf_vmlinux(const std::vector<std::pair<std::string, std::uint64_t>>& symbols,
                               std::string_view types, std::string_view build_id = "") {
  std::string names("\0map.c\0", 7), table(sizeof(Elf64_Sym), '\0');
  const auto add = [&table](Elf64_Sym symbol) {
    table.append(reinterpret_cast<const char*>(&symbol), sizeof symbol);
  };
  add({.st_name = 1,
       .st_info = ELF64_ST_INFO(STB_LOCAL, STT_FILE),
       .st_other = 0,
       .st_shndx = SHN_ABS,
       .st_value = 0,
       .st_size = 0});
  for (const auto& [name, address] : symbols) {
    add({.st_name = static_cast<Elf64_Word>(names.size()),
         .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
         .st_other = 0,
         .st_shndx = 1,
         .st_value = address,
         .st_size = 8});
    names.append(name).append(1, '\0');
  }
  VmlinuxWriter writer;
  const auto strings = writer.add(".strtab", SHT_STRTAB, names);
  if (!symbols.empty())
    writer.add(".symtab", SHT_SYMTAB, table, static_cast<std::uint32_t>(strings), sizeof(Elf64_Sym));
  if (!types.empty()) writer.add(".BTF", SHT_PROGBITS, types);
  if (!build_id.empty()) writer.add(".notes", SHT_NOTE, build_id_note(build_id));
  return writer.bytes();
}

} // namespace mapscope::test
