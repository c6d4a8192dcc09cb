// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/elf_image.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

namespace mapscope::plugin {

namespace {

#if defined(__x86_64__)
constexpr std::uint16_t this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t this_machine = EM_AARCH64;
#else
#error "no plugins for this machine"
#endif

constexpr std::size_t most_segments = 64, most_dynamic = 512, most_symbols = 1U << 20, most_sections = 4096;
constexpr std::size_t most_versions = 4096;
constexpr std::uint32_t manifest_note = 1;

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86-64";
  case EM_AARCH64:
    return "arm64";
  case EM_386:
    return "i386";
  case EM_ARM:
    return "arm";
  case EM_RISCV:
    return "RISC-V";
  case EM_PPC64:
    return "ppc64";
  case EM_S390:
    return "s390x";
  default:
    return fmt::format("machine {}", machine);
  }
}

/// What is wrong with the identification, "" when nothing is.
std::string header_problem(const Elf64_Ehdr& header) {
  if (!std::equal(ELFMAG, ELFMAG + SELFMAG, header.e_ident)) return "not an ELF file";
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return "not a 64-bit ELF file";
  if (header.e_ident[EI_DATA] != ELFDATA2LSB) return "a big-endian ELF file";
  if (header.e_type != ET_DYN) return "an ELF file, but not a shared library";
  if (header.e_machine != this_machine)
    return fmt::format("built for {}, this program runs on {}", machine_name(header.e_machine),
                       machine_name(this_machine));
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0) return "without program headers";
  if (header.e_phnum > most_segments)
    return fmt::format("with {} program headers, at most {} are read", header.e_phnum, most_segments);
  return "";
}

} // namespace

Result<ElfImage> ElfImage::open(std::span<const std::byte> bytes) {
  ElfImage image(bytes);
  const auto header = load_at<Elf64_Ehdr>(bytes, 0);
  if (!header) return fail(Errc::corrupt, "not an ELF file (too short for an ELF header)");
  if (auto problem = header_problem(*header); !problem.empty()) return fail(Errc::unsupported, problem);
  image.header_ = *header;
  for (std::size_t i = 0; i < header->e_phnum; ++i) {
    const std::uint64_t at = i * sizeof(Elf64_Phdr);
    const auto segment = fits(header->e_phoff, at, bytes.size())
                             ? load_at<Elf64_Phdr>(bytes, header->e_phoff + at)
                             : std::nullopt;
    if (!segment) return fail(Errc::corrupt, "its program headers reach past the end of the file");
    if (segment->p_type == PT_LOAD &&
        (!fits(segment->p_offset, segment->p_filesz, bytes.size()) || segment->p_memsz > ~segment->p_vaddr))
      return fail(Errc::corrupt, fmt::format("segment {} reaches past the end of the file", i));
    image.segments_.push_back(*segment);
  }
  return image;
}

std::optional<std::uint64_t> ElfImage::file_offset(std::uint64_t address) const {
  for (const auto& segment : segments_)
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz)
      return segment.p_offset + (address - segment.p_vaddr);
  return std::nullopt;
}

void ElfImage::collect_notes(std::uint64_t offset, std::uint64_t size, Notes& into) const {
  const auto notes = slice(bytes_, offset, size);
  if (!notes) return;
  const auto padded = [](std::uint64_t length) { return (length + 3) & ~3ULL; };
  for (std::uint64_t at = 0; const auto note = load_at<Elf64_Nhdr>(*notes, at);) {
    const std::uint64_t name_at = at + sizeof *note, text_at = name_at + padded(note->n_namesz);
    const auto name = slice(*notes, name_at, note->n_namesz);
    const auto text = slice(*notes, text_at, note->n_descsz);
    if (!name || !text) return;
    const std::string_view owner(reinterpret_cast<const char*>(name->data()), name->size());
    if (owner == std::string_view("MSC\0", 4) && note->n_type == manifest_note)
      into.descriptions.emplace_back(reinterpret_cast<const char*>(text->data()), text->size());
    at = text_at + padded(note->n_descsz);
  }
}

ElfImage::Notes ElfImage::manifest_notes() const {
  Notes notes;
  for (const auto& segment : segments_)
    if (segment.p_type == PT_NOTE) collect_notes(segment.p_offset, segment.p_filesz, notes);
  if (!notes.descriptions.empty()) return notes;
  notes.from_sections = true;
  const std::size_t count = std::min<std::size_t>(header_.e_shnum, most_sections);
  for (std::size_t i = 0; i < count && header_.e_shentsize == sizeof(Elf64_Shdr); ++i) {
    const std::uint64_t at = i * sizeof(Elf64_Shdr);
    const auto section = fits(header_.e_shoff, at, bytes_.size())
                             ? load_at<Elf64_Shdr>(bytes_, header_.e_shoff + at)
                             : std::nullopt;
    if (section && section->sh_type == SHT_NOTE) collect_notes(section->sh_offset, section->sh_size, notes);
  }
  return notes;
}

bool ElfImage::has_tag(std::int64_t tag) const {
  return std::ranges::any_of(dynamic_, [&](const Elf64_Dyn& entry) { return entry.d_tag == tag; });
}

std::uint64_t ElfImage::tag_value(std::int64_t tag) const {
  const auto found = std::ranges::find(dynamic_, tag, &Elf64_Dyn::d_tag);
  return found != dynamic_.end() ? found->d_un.d_val : 0;
}

std::string_view ElfImage::dynamic_string(std::uint64_t offset) const {
  const auto table_at = file_offset(tag_value(DT_STRTAB));
  const auto table = table_at ? slice(bytes_, *table_at, tag_value(DT_STRSZ)) : std::nullopt;
  if (!table || offset >= table->size()) return {};
  const std::string_view rest(reinterpret_cast<const char*>(table->data()) + offset, table->size() - offset);
  return rest.substr(0, rest.find('\0'));
}

std::vector<std::string_view> ElfImage::needed() const {
  std::vector<std::string_view> names;
  for (const auto& entry : dynamic_)
    if (entry.d_tag == DT_NEEDED) names.push_back(dynamic_string(entry.d_un.d_val));
  return names;
}

/// DT_HASH says it outright; DT_GNU_HASH only through its longest chain (what the dynamic loader relies on,
/// too).
std::optional<std::uint64_t> ElfImage::symbol_count() const {
  if (const auto hash = file_offset(tag_value(DT_HASH)); hash && has_tag(DT_HASH))
    return load_at<std::uint32_t>(bytes_, *hash + 4);
  const auto hash = file_offset(tag_value(DT_GNU_HASH));
  if (!hash || !has_tag(DT_GNU_HASH)) return std::nullopt;
  const auto buckets = load_at<std::uint32_t>(bytes_, *hash),
             first = load_at<std::uint32_t>(bytes_, *hash + 4),
             words = load_at<std::uint32_t>(bytes_, *hash + 8);
  if (!buckets || !first || !words || *buckets > most_symbols || *words > most_symbols) return std::nullopt;
  const std::uint64_t buckets_at = *hash + 16 + std::uint64_t{*words} * 8,
                      chains_at = buckets_at + std::uint64_t{*buckets} * 4;
  std::uint64_t last = 0;
  for (std::uint32_t i = 0; i < *buckets; ++i) {
    const auto head = load_at<std::uint32_t>(bytes_, buckets_at + std::uint64_t{i} * 4);
    if (!head) return std::nullopt;
    last = std::max<std::uint64_t>(last, *head);
  }
  if (last < *first) return *first; // nothing is exported
  for (; last < most_symbols; ++last) {
    const auto link = load_at<std::uint32_t>(bytes_, chains_at + (last - *first) * 4);
    if (!link) return std::nullopt;
    if ((*link & 1) != 0) return last + 1;
  }
  return std::nullopt;
}

Result<void> ElfImage::read_dynamic() {
  const auto segment = std::ranges::find(segments_, std::uint32_t{PT_DYNAMIC}, &Elf64_Phdr::p_type);
  if (segment == segments_.end()) return fail(Errc::corrupt, "no dynamic section");
  const auto table = slice(bytes_, segment->p_offset, segment->p_filesz);
  if (!table) return fail(Errc::corrupt, "its dynamic section reaches past the end of the file");
  for (std::uint64_t at = 0; const auto entry = load_at<Elf64_Dyn>(*table, at); at += sizeof *entry) {
    if (entry->d_tag == DT_NULL || dynamic_.size() >= most_dynamic) break;
    dynamic_.push_back(*entry);
  }
  const auto symbols_at = file_offset(tag_value(DT_SYMTAB));
  const auto count = symbol_count();
  if (!symbols_at || !count || *count > most_symbols)
    return fail(Errc::corrupt, "its dynamic symbol table cannot be found");
  for (std::uint64_t i = 1; i < *count; ++i) {
    const auto symbol = load_at<Elf64_Sym>(bytes_, *symbols_at + i * sizeof(Elf64_Sym));
    if (!symbol) return fail(Errc::corrupt, "its dynamic symbols reach past the end of the file");
    symbols_.push_back({dynamic_string(symbol->st_name), *symbol, {}});
  }
  read_versions();
  return {};
}

/// DT_VERSYM gives each symbol a number, DT_VERNEED the numbers' meaning: which library must provide it.
void ElfImage::read_versions() {
  const auto numbers_at = file_offset(tag_value(DT_VERSYM)), needs_at = file_offset(tag_value(DT_VERNEED));
  if (!numbers_at || !needs_at) return;
  std::unordered_map<std::uint16_t, std::string_view> meaning;
  std::uint64_t at = *needs_at;
  for (std::size_t files = 0; files < most_versions; ++files) {
    const auto file = load_at<Elf64_Verneed>(bytes_, at);
    if (!file) break;
    std::uint64_t inner = at + file->vn_aux;
    for (std::uint16_t i = 0; i < file->vn_cnt && meaning.size() < most_versions; ++i) {
      const auto version = load_at<Elf64_Vernaux>(bytes_, inner);
      if (!version) break;
      meaning.emplace(version->vna_other & 0x7fff, dynamic_string(version->vna_name));
      inner += version->vna_next;
    }
    if (file->vn_next == 0) break;
    at += file->vn_next;
  }
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    const auto number = load_at<std::uint16_t>(bytes_, *numbers_at + (i + 1) * 2);
    const auto known = number ? meaning.find(*number & 0x7fff) : meaning.end();
    if (known != meaning.end()) symbols_[i].version = known->second;
  }
}

} // namespace mapscope::plugin
