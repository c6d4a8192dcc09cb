// SPDX-License-Identifier: Apache-2.0
#include "host/target/elf_file.hpp"

#include "host/base/checked.hpp"
#include "host/memory/mapped_file.hpp"
#include "host/target/architectures.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <span>
#include <unistd.h>

namespace mapscope::target {

namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t padded(std::uint64_t size) { return (size + 3) & ~3ULL; }

std::string hexadecimal(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

std::unexpected<Error> refuse(const std::string& path, std::string_view what) {
  return fail(Errc::usage, fmt::format("{}: {}", path, what));
}

/// The boot images that lie where one looks for a kernel first (/boot/vmlinuz).
std::string_view what_it_is(std::span<const std::byte> file) {
  struct Magic {
    std::size_t at;
    std::string_view bytes, is;
  };
  static constexpr std::array magics = {
      // Documentation/arch/x86/boot.rst; Documentation/arch/arm64/booting.rst
      Magic{0x202, "HdrS"sv,
            "a compressed kernel (bzImage), not an ELF file; take vmlinux out of it with the "
            "kernel's scripts/extract-vmlinux"},
      Magic{56, "ARM\x64"sv,
            "a boot image of an arm64 kernel, not an ELF file; give the vmlinux it was made of"},
      Magic{0, "\x1f\x8b"sv, "compressed (gzip), not an ELF file; unpack it first"},
      Magic{0,
            "\xfd"
            "7zXZ"sv,
            "compressed (xz), not an ELF file; unpack it first"},
      Magic{0, "\x28\xb5\x2f\xfd"sv, "compressed (zstd), not an ELF file; unpack it first"},
      Magic{0, "BZh"sv, "compressed (bzip2), not an ELF file; unpack it first"}};
  for (const Magic& magic : magics)
    if (const auto there = slice(file, magic.at, magic.bytes.size());
        there && std::ranges::equal(*there, std::as_bytes(std::span(magic.bytes))))
      return magic.is;
  return "not an ELF file; give an uncompressed vmlinux";
}

} // namespace

std::string build_id_in(std::span<const std::byte> notes) {
  for (std::uint64_t at = 0; const auto note = load_at<Elf64_Nhdr>(notes, at);) {
    const std::uint64_t name_at = at + sizeof *note, text_at = name_at + padded(note->n_namesz);
    const auto name = slice(notes, name_at, note->n_namesz);
    const auto text = slice(notes, text_at, note->n_descsz);
    if (!name || !text) break;
    if (note->n_type == NT_GNU_BUILD_ID && std::ranges::equal(*name, std::as_bytes(std::span("GNU\0"sv))))
      return hexadecimal(*text);
    at = text_at + padded(note->n_descsz);
  }
  return "";
}

Result<std::unique_ptr<ElfFile>> ElfFile::open(const std::string& path, std::string_view arch) {
  // libelf does not refuse what it cannot parse until it is asked; the map gives the plain errors first.
  // However large: with debug symbols it may have gigabytes, and what is read of it is bounded.
  const auto readable = memory::MappedFile::open(path, "the kernel's vmlinux", UINT64_MAX);
  if (!readable) return std::unexpected(readable.error());
  auto file = std::make_unique<ElfFile>();
  file->path_ = path;
  elf_version(EV_CURRENT);
  file->fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  file->elf_ = file->fd_ < 0 ? nullptr : elf_begin(file->fd_, ELF_C_READ_MMAP, nullptr);
  if (file->elf_ == nullptr || elf_kind(file->elf_) != ELF_K_ELF)
    return refuse(path, what_it_is(readable->bytes()));
  if (auto checked = file->check_header(arch); !checked) return std::unexpected(std::move(checked.error()));
  return file;
}

ElfFile::~ElfFile() {
  if (elf_ != nullptr) elf_end(elf_);
  if (fd_ >= 0) ::close(fd_);
}

/// Kernels are executables (ET_DYN when relocatable on arm64); their debug files keep the type.
Result<void> ElfFile::check_header(std::string_view arch) const {
  GElf_Ehdr header;
  if (gelf_getehdr(elf_, &header) == nullptr) return refuse(path_, "a damaged ELF file");
  if (header.e_type == ET_REL)
    return refuse(path_, "an ELF object file (a kernel module?), not the kernel; give its vmlinux");
  if (header.e_type == ET_CORE)
    return refuse(path_, "a core, not the kernel's file; give it as SOURCE, and here its vmlinux");
  if (header.e_machine != elf_machine(arch))
    return refuse(path_, fmt::format("an ELF file of machine {}, the dump is of {} ({})", header.e_machine,
                                     arch, elf_machine(arch)));
  return {};
}

Elf_Data* ElfFile::section(GElf_Shdr* header, const Chosen& chosen) const {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf_, &names) != 0) return nullptr;
  for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf_, scn)) != nullptr;) {
    if (gelf_getshdr(scn, header) == nullptr || header->sh_type == SHT_NOBITS) continue;
    const char* name = elf_strptr(elf_, names, header->sh_name);
    if (!chosen(*header, std::string_view(name != nullptr ? name : ""))) continue;
    Elf_Data* data = elf_getdata(scn, nullptr);
    if (data != nullptr && data->d_buf != nullptr && data->d_size != 0) return data;
  }
  return nullptr;
}

Elf_Data* ElfFile::symbol_table(GElf_Shdr* header) const {
  return section(header, [](const GElf_Shdr& h, std::string_view) {
    return h.sh_type == SHT_SYMTAB && h.sh_size > h.sh_entsize;
  });
}

std::span<const std::byte> ElfFile::btf() const {
  GElf_Shdr header;
  const Elf_Data* data =
      section(&header, [](const GElf_Shdr&, std::string_view name) { return name == ".BTF"; });
  if (data == nullptr) return {};
  return {static_cast<const std::byte*>(data->d_buf), data->d_size};
}

std::string ElfFile::build_id() const {
  std::string id;
  GElf_Shdr header;
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf_, &names) != 0) return id;
  for (Elf_Scn* scn = nullptr; id.empty() && (scn = elf_nextscn(elf_, scn)) != nullptr;) {
    if (gelf_getshdr(scn, &header) == nullptr || header.sh_type != SHT_NOTE) continue;
    const Elf_Data* data = elf_rawdata(scn, nullptr); // raw: build_id_in() reads the file's own form
    if (data != nullptr && data->d_buf != nullptr)
      id = build_id_in({static_cast<const std::byte*>(data->d_buf), data->d_size});
  }
  return id;
}

} // namespace mapscope::target
