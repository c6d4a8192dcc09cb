// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/elf_image.hpp"

#include "host/base/checked.hpp"
#include "host/base/utf8.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

#if defined(__x86_64__)
constexpr std::uint16_t this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t this_machine = EM_AARCH64;
#else
#error "say which e_machine this program runs on"
#endif
constexpr unsigned char this_byte_order =
    std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

constexpr std::size_t most_segments = 64;
/// The smallest page of any machine here. The loader maps whole pages, so segments must not share one.
constexpr std::uint64_t page = 4096;

std::string machine_name(std::uint16_t machine) {
  constexpr std::array<std::pair<std::uint16_t, std::string_view>, 8> names = {{{EM_X86_64, "x86-64"},
                                                                                {EM_AARCH64, "arm64"},
                                                                                {EM_386, "i386"},
                                                                                {EM_ARM, "arm"},
                                                                                {EM_RISCV, "RISC-V"},
                                                                                {EM_PPC64, "ppc64"},
                                                                                {EM_S390, "s390x"},
                                                                                {EM_BPF, "BPF"}}};
  const auto found = std::ranges::find(names, machine, [](const auto& entry) { return entry.first; });
  return found != names.end() ? std::string(found->second) : fmt::format("machine number {}", machine);
}

std::string_view file_kind(std::uint16_t type) {
  switch (type) {
  case ET_REL:
    return "an object file";
  case ET_EXEC:
    return "a program";
  case ET_CORE:
    return "a core dump";
  default:
    return "of an unknown type";
  }
}

/// What the identification says against loading it here, "" when nothing.
std::string objection(const Elf64_Ehdr& header) {
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return "it is not 64-bit ELF; build it for this machine";
  if (header.e_ident[EI_DATA] != this_byte_order)
    return "its byte order is not this machine's; build it for this machine";
  if (header.e_machine != this_machine)
    return fmt::format("it is built for {}, and mapscope runs on {} here; build it for this machine",
                       machine_name(header.e_machine), machine_name(this_machine));
  if (header.e_type != ET_DYN)
    return fmt::format("it is ELF, but {}, not a shared library", file_kind(header.e_type));
  if (header.e_phnum == 0 || header.e_phentsize != sizeof(Elf64_Phdr))
    return "it has no program headers of the usual size, so nothing of it can be loaded";
  if (header.e_phnum > most_segments)
    return fmt::format("it has {} program headers, at most {} are read", header.e_phnum, most_segments);
  return "";
}

bool begins_as_elf(std::span<const std::byte> bytes) {
  const auto magic = load_at<std::array<unsigned char, SELFMAG>>(bytes, 0);
  return magic && std::equal(magic->begin(), magic->end(), ELFMAG);
}

bool has_wrapping_end(const Elf64_Phdr& segment) {
  std::uint64_t end = 0;
  return __builtin_add_overflow(segment.p_vaddr, segment.p_memsz, &end) || end > ~(page - 1);
}

bool covers(const Elf64_Phdr& segment, std::uint64_t address, std::uint64_t size, std::uint64_t extent) {
  return address >= segment.p_vaddr && fits(address - segment.p_vaddr, size, extent);
}

} // namespace

std::string printable(std::string_view text, std::size_t longest) {
  const std::string valid = valid_utf8(text.substr(0, longest));
  std::string shown;
  for (std::size_t i = 0; i < valid.size();) {
    const std::string_view sequence = std::string_view(valid).substr(i, utf8_length(valid, i));
    shown += is_control(code_point(sequence)) ? "?" : sequence;
    i += sequence.size();
  }
  return text.size() > longest ? shown + "..." : shown;
}

Result<ElfImage> ElfImage::open(std::span<const std::byte> bytes) {
  if (!begins_as_elf(bytes)) return fail(Errc::unsupported, "it is not an ELF file, so not a shared library");
  const auto header = load_at<Elf64_Ehdr>(bytes, 0);
  if (!header)
    return fail(Errc::corrupt, fmt::format("the file ends inside its ELF header ({} bytes)", bytes.size()));
  if (auto against = objection(*header); !against.empty()) return fail(Errc::unsupported, std::move(against));
  ElfImage image(bytes);
  image.header_ = *header;
  if (auto read = image.read_segments(); !read) return std::unexpected(std::move(read.error()));
  return image;
}

Result<void> ElfImage::read_segments() {
  const std::uint64_t size = std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr);
  const auto table = slice(bytes_, header_.e_phoff, size);
  if (!table)
    return fail(Errc::corrupt, fmt::format("its {} program headers reach past the end of the file ({} bytes)",
                                           header_.e_phnum, bytes_.size()));
  for (std::size_t at = 0; at < size; at += sizeof(Elf64_Phdr))
    segments_.push_back(load<Elf64_Phdr>(table->data() + at));
  return {};
}

Result<void> ElfImage::check_segments() const {
  std::uint64_t free_from = 0; // first address no earlier segment's pages cover
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Elf64_Phdr& segment = segments_[i];
    if (!fits(segment.p_offset, segment.p_filesz, bytes_.size()))
      return fail(
          Errc::corrupt,
          fmt::format("segment {} claims {} bytes from {:#x} of a file of {} bytes; was it cut short?", i,
                      segment.p_filesz, segment.p_offset, bytes_.size()));
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_filesz > segment.p_memsz || has_wrapping_end(segment) ||
        segment.p_vaddr % page != segment.p_offset % page)
      return fail(
          Errc::corrupt,
          fmt::format("segment {} contradicts itself: {} bytes at {:#x} for {} bytes of memory at {:#x}", i,
                      segment.p_filesz, segment.p_offset, segment.p_memsz, segment.p_vaddr));
    if ((segment.p_vaddr & ~(page - 1)) < free_from)
      return fail(Errc::corrupt, fmt::format("segment {} overlaps an earlier one or is out of order", i));
    free_from = (segment.p_vaddr + segment.p_memsz + page - 1) & ~(page - 1);
  }
  return {};
}

std::span<const std::byte> ElfImage::at(std::uint64_t address) const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_LOAD || !covers(segment, address, 1, segment.p_filesz)) continue;
    const std::uint64_t skipped = address - segment.p_vaddr;
    return slice(bytes_, segment.p_offset + skipped, segment.p_filesz - skipped)
        .value_or(std::span<const std::byte>());
  }
  return {};
}

bool ElfImage::is_constant(std::uint64_t address, std::uint64_t size) const {
  if (at(address).size() < size) return false;
  return std::ranges::any_of(segments_, [&](const Elf64_Phdr& segment) {
    const bool never_written = segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0;
    return (never_written || segment.p_type == PT_GNU_RELRO) &&
           covers(segment, address, size, segment.p_memsz);
  });
}

} // namespace mapscope::plugin
