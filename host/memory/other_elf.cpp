// SPDX-License-Identifier: Apache-2.0
// What an ELF file that is no core of a kernel is, by its header and the names of its sections.
#include "host/base/checked.hpp"
#include "host/memory/other_forms.hpp"

#include <algorithm>
#include <elf.h>
#include <fmt/format.h>
#include <string_view>

namespace mapscope::memory {

namespace {

constexpr std::uint16_t bpf_machine = 247; // EM_BPF

class Sections {
public:
  Sections(std::span<const std::byte> file, const Elf64_Ehdr& header) : file_(file), header_(header) {
    if (header.e_shentsize != sizeof(Elf64_Shdr)) return;
    const auto names = at(header.e_shstrndx);
    const auto text = names ? slice(file, names->sh_offset, names->sh_size) : std::nullopt;
    if (text) names_ = {reinterpret_cast<const char*>(text->data()), text->size()};
  }

  [[nodiscard]] bool has(std::string_view name) const {
    for (std::uint32_t i = 0; i < header_.e_shnum; ++i) {
      const auto section = at(i);
      if (!section) return false;
      if (section->sh_name >= names_.size()) continue;
      const std::string_view rest = names_.substr(section->sh_name);
      if (rest.substr(0, rest.find('\0')) == name) return true;
    }
    return false;
  }

private:
  [[nodiscard]] std::optional<Elf64_Shdr> at(std::uint32_t index) const {
    const auto table = file_.subspan(std::min<std::uint64_t>(header_.e_shoff, file_.size()));
    return load_at<Elf64_Shdr>(table, std::uint64_t{index} * sizeof(Elf64_Shdr));
  }

  std::span<const std::byte> file_;
  const Elf64_Ehdr& header_;
  std::string_view names_;
};

std::string object_text(const Elf64_Ehdr& header, const Sections& sections) {
  if (header.e_machine == bpf_machine) return "a BPF object file, not a core; give the memory dump";
  if (sections.has(".gnu.linkonce.this_module")) return "a kernel module, not a core; give the memory dump";
  return "an ELF object file (a kernel module?), not a core; give the memory dump";
}

/// A kernel exports symbols, and has no dynamic loader to do it with.
std::string program_text(std::string_view form, const Sections& sections) {
  if (sections.has("__ksymtab") || sections.has("__ksymtab_strings"))
    return "a kernel (vmlinux), not a dump of its memory; name the dump, and give this with --vmlinux";
  return fmt::format("an ELF {}, not a core; if it is the kernel, give it with --vmlinux and name the dump",
                     form);
}

} // namespace

std::optional<std::string> other_elf(std::span<const std::byte> bytes) {
  const auto header = load_at<Elf64_Ehdr>(bytes, 0);
  if (!header || header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
    return std::nullopt;
  const Sections sections(bytes, *header);
  switch (header->e_type) {
  case ET_CORE:
    // xen/tools/libs/ctrl: pages by pseudo-physical frame in a section of their own, no program headers
    if (header->e_phnum != 0 || !sections.has(".xen_pages")) return std::nullopt;
    return "a core of a Xen guest (xl dump-core, with .xen_pages and no program headers), which cannot be "
           "read; give a dump that the guest's own kdump wrote";
  case ET_REL:
    return object_text(*header, sections);
  case ET_EXEC:
    return program_text("executable", sections);
  case ET_DYN:
    return program_text("shared object", sections);
  default:
    return fmt::format("an ELF file of type {}, not a core", header->e_type);
  }
}

} // namespace mapscope::memory
