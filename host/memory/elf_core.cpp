// SPDX-License-Identifier: Apache-2.0
#include "host/memory/elf_core.hpp"

#include "host/base/checked.hpp"
#include "host/memory/other_forms.hpp"
#include "host/memory/pieces.hpp"

#include <algorithm>
#include <elf.h>
#include <fmt/format.h>
#include <limits>
#include <optional>

namespace mapscope::memory {

namespace {

/// Of all notes together. Real cores have some hundred bytes per CPU and a page of VMCOREINFO.
constexpr std::uint64_t most_note_bytes = 16U << 20;

std::string_view arch_name(std::uint16_t machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86_64";
  case EM_AARCH64:
    return "aarch64";
  default:
    return "";
  }
}

class ElfCore final : public Source {
public:
  ElfCore(MappedFile file, std::string_view arch, bool was_flattened, const OpenOptions& options)
      : file_(std::move(file)), arch_(arch), was_flattened_(was_flattened), pieces_(options.zero_excluded) {}

  std::string_view format() const override { return "ELF core"; }
  std::string_view arch() const override { return arch_; }
  std::span<const Segment> segments() const override { return pieces_.segments(); }
  std::string_view vmcoreinfo() const override { return vmcoreinfo_; }
  std::span<const std::string> warnings() const override { return warnings_; }
  std::span<const std::byte> view(std::uint64_t address, std::size_t want) const override {
    return pieces_.view(address, want);
  }
  std::span<const std::byte> glance(std::uint64_t address, std::size_t want,
                                    std::vector<std::byte>& buffer) const override {
    return file_.glance(view(address, want), buffer);
  }
  std::uint64_t behind_holes(std::uint64_t address, std::uint64_t end) const override {
    return address + file_.hole_in(view(address, end - address));
  }
  Absence why_absent(std::uint64_t address) const override { return pieces_.why_absent(address); }
  std::uint64_t left_out_bytes() const override { return pieces_.left_out_bytes(); }
  std::uint64_t cut_off_bytes() const override { return missing_; }
  std::vector<Detail> details() const override {
    if (!was_flattened_) return {};
    return {{"flattened", "yes, put together for this run"}};
  }

  void add(const Elf64_Phdr& header);
  void finish(const std::string& name);
  [[nodiscard]] std::span<const std::byte> file() const { return file_.bytes(); }
  [[nodiscard]] bool has_lost(std::uint64_t offset, std::uint64_t size) const {
    return touches(file_.lost(), offset, size);
  }
  [[nodiscard]] bool has_empty() const { return has_empty_; }
  /// All at 0, where the memory of a machine is not.
  [[nodiscard]] bool has_no_places() const { return has_user_addresses_ && !has_places_; }
  [[nodiscard]] bool is_of_a_process() const { return has_process_notes_ && vmcoreinfo_.empty(); }

private:
  void add_segment(const Elf64_Phdr& header);
  void add_bytes(std::uint64_t address, std::uint64_t offset, std::uint64_t promised);
  void add_notes(const Elf64_Phdr& header);

  MappedFile file_;
  std::string_view arch_;
  bool was_flattened_;
  Pieces pieces_;
  std::string_view vmcoreinfo_;
  std::vector<std::string> warnings_;
  std::uint64_t missing_ = 0; ///< bytes the headers promise beyond the file's end
  std::uint64_t lost_ = 0;    ///< bytes of memory that a flattened file lost
  std::uint64_t notes_left_ = most_note_bytes;
  std::uint64_t headers_ = 0, strange_ = 0; ///< program headers; those that no core of a machine has
  bool has_user_addresses_ = false, has_places_ = false, has_empty_ = false, has_process_notes_ = false;
};

/// No machine has more bits of physical addresses; sums of such sizes do not wrap.
constexpr std::uint64_t memory_end = 1ULL << 52;

void ElfCore::add(const Elf64_Phdr& header) {
  ++headers_;
  if (header.p_type == PT_LOAD)
    add_segment(header);
  else if (header.p_type == PT_NOTE)
    add_notes(header);
  else if (header.p_type != PT_NULL)
    ++strange_;
}

/// What the file holds of `size` bytes at `offset`.
std::span<const std::byte> as_far_as_there(std::span<const std::byte> file, std::uint64_t offset,
                                           std::uint64_t size) {
  const auto rest = file.subspan(std::min<std::uint64_t>(offset, file.size()));
  return rest.first(std::min<std::uint64_t>(size, rest.size()));
}

void ElfCore::add_segment(const Elf64_Phdr& header) {
  if (header.p_memsz == 0) { // it says nothing of what the core is of
    has_empty_ = true;
    return;
  }
  has_user_addresses_ = has_user_addresses_ || (header.p_vaddr != 0 && header.p_vaddr >> 63 == 0);
  // /proc/kcore and some tools mark segments without a physical address by -1.
  if (header.p_paddr == std::numeric_limits<Elf64_Addr>::max()) return;
  if (header.p_paddr >= memory_end || header.p_memsz > memory_end - header.p_paddr) {
    ++strange_;
    return;
  }
  has_places_ = has_places_ || header.p_paddr != 0;
  const std::uint64_t promised = std::min(header.p_filesz, header.p_memsz);
  add_bytes(header.p_paddr, header.p_offset, promised);
  // makedumpfile -E ends a segment's bytes where pages that it leaves out begin (write_elf_pages_cyclic()).
  pieces_.leave_out(header.p_paddr + promised, header.p_memsz - promised);
}

/// As far as the file holds them: not behind its end, nor where it lost some.
void ElfCore::add_bytes(std::uint64_t address, std::uint64_t offset, std::uint64_t promised) {
  const auto bytes = as_far_as_there(file(), offset, promised);
  const std::uint64_t behind = promised - bytes.size(), end = offset + bytes.size();
  missing_ += std::min(behind, ~missing_);
  std::uint64_t done = 0; // of bytes
  const auto lost = file_.lost();
  for (auto next = std::ranges::upper_bound(lost, offset, {}, &Stretch::end);
       next != lost.end() && next->begin < end && !bytes.empty(); ++next) {
    const std::uint64_t begin = std::max(next->begin, offset) - offset,
                        after = std::min(next->end, end) - offset;
    pieces_.add(address + done, begin - done, bytes.subspan(done, begin - done));
    pieces_.lose(address + begin, after - begin);
    lost_ += after - begin;
    done = after;
  }
  pieces_.add(address + done, promised - done, bytes.subspan(done));
}

constexpr std::uint64_t note_padded(std::uint64_t size) { return (size + 3) & ~3ULL; }

/// What the kernel says of a process that it dumps (fs/binfmt_elf.c); a core of a machine has registers
/// alone.
bool is_of_process(std::string_view name, std::uint32_t type) {
  return name == std::string_view("CORE\0", 5) && (type == NT_PRPSINFO || type == NT_AUXV || type == NT_FILE);
}

/// Notes of a core are 4-byte aligned whatever p_align says (fs/proc/vmcore.c, QEMU dump/dump.c).
void ElfCore::add_notes(const Elf64_Phdr& header) {
  const auto notes = as_far_as_there(file(), header.p_offset, std::min(header.p_filesz, notes_left_));
  notes_left_ -= notes.size();
  for (std::uint64_t at = 0; const auto note = load_at<Elf64_Nhdr>(notes, at);) {
    const std::uint64_t name_at = at + sizeof *note, text_at = name_at + note_padded(note->n_namesz);
    const auto name = slice(notes, name_at, note->n_namesz);
    const auto text = slice(notes, text_at, note->n_descsz);
    if (!name || !text) return;
    const std::string_view spelled(reinterpret_cast<const char*>(name->data()), name->size());
    has_process_notes_ = has_process_notes_ || is_of_process(spelled, note->n_type);
    const auto place = static_cast<std::uint64_t>(text->data() - file().data());
    if (spelled == std::string_view("VMCOREINFO\0", 11) && !has_lost(place, text->size()))
      vmcoreinfo_ = {reinterpret_cast<const char*>(text->data()), text->size()};
    at = text_at + note_padded(note->n_descsz);
  }
}

void ElfCore::finish(const std::string& name) {
  pieces_.settle();
  if (missing_ != 0)
    warnings_.push_back(
        fmt::format("{}: the file ends {} bytes early; what it holds is shown", name, missing_));
  if (lost_ != 0)
    warnings_.push_back(fmt::format("{}: parts of the flattened file are missing, and with them {} bytes of "
                                    "memory; what it holds is shown",
                                    name, lost_));
  if (strange_ != 0)
    warnings_.push_back(
        fmt::format("{}: {} of its {} program headers are of no core of a machine (of another "
                    "type than PT_LOAD and PT_NOTE, or beyond all memory); the others are "
                    "used, was the header damaged?",
                    name, strange_, headers_));
  if (const auto twice = pieces_.contradiction())
    warnings_.push_back(fmt::format("{}: two program headers have different bytes for the memory at {:#x}; "
                                    "those of the one that begins first are shown, was the header damaged?",
                                    name, *twice));
}

std::unexpected<Error> refuse(const std::string& name, std::string_view what) {
  return fail(Errc::unsupported, fmt::format("{}: {}", name, what));
}

Result<Elf64_Ehdr> check_header(const std::string& name, std::span<const std::byte> bytes) {
  const auto header = load_at<Elf64_Ehdr>(bytes, 0);
  if (!header)
    return refuse(name,
                  fmt::format("an ELF header cut off after {} bytes; was the dump cut short?", bytes.size()));
  if (header->e_ident[EI_CLASS] != ELFCLASS64)
    return refuse(name, "a 32-bit ELF file; only 64-bit kernels are read");
  if (header->e_ident[EI_DATA] != ELFDATA2LSB)
    return refuse(name, "a big-endian ELF file; only little-endian is read");
  if (const auto other = other_elf(bytes)) return refuse(name, *other);
  if (header->e_phentsize != sizeof(Elf64_Phdr))
    return refuse(name, fmt::format("program headers of {} bytes, expected {}", header->e_phentsize,
                                    sizeof(Elf64_Phdr)));
  if (arch_name(header->e_machine).empty())
    return refuse(name, fmt::format("an ELF core of machine {}; only x86-64 (62) and arm64 (183) are known",
                                    header->e_machine));
  return *header;
}

/// More than 65,534 program headers are counted in section header 0 (PN_XNUM).
std::optional<std::uint64_t> header_count(const Elf64_Ehdr& header, std::span<const std::byte> bytes) {
  if (header.e_phnum != PN_XNUM) return header.e_phnum;
  const auto section = load_at<Elf64_Shdr>(bytes, header.e_shoff);
  if (!section) return std::nullopt;
  return section->sh_info;
}

Result<void> read_program_headers(const std::string& name, const Elf64_Ehdr& header, ElfCore& core) {
  const auto count = header_count(header, core.file());
  if (!count)
    return refuse(name, "an ELF core whose number of program headers lies past the end of the file");
  const auto table = core.file().subspan(std::min<std::uint64_t>(header.e_phoff, core.file().size()));
  if (*count > table.size() / sizeof(Elf64_Phdr))
    return refuse(name,
                  fmt::format("an ELF core whose {} program headers reach past the end of the file; was "
                              "the dump cut short?",
                              *count));
  if (core.has_lost(0, sizeof header) || core.has_lost(header.e_phoff, *count * sizeof(Elf64_Phdr)))
    return refuse(name, "an ELF core in a flattened file of which parts are missing, its headers among them; "
                        "take or copy the dump again as a whole");
  for (std::uint64_t i = 0; i < *count; ++i)
    core.add(load<Elf64_Phdr>(table.data() + i * sizeof(Elf64_Phdr)));
  return {};
}

} // namespace

bool is_elf(std::span<const std::byte> bytes) {
  return bytes.size() >= SELFMAG &&
         std::equal(bytes.begin(), bytes.begin() + SELFMAG, reinterpret_cast<const std::byte*>(ELFMAG));
}

Result<std::unique_ptr<Source>> open_elf_core(const std::string& name, MappedFile file, bool was_flattened,
                                              const OpenOptions& options) {
  const auto header = check_header(name, file.bytes());
  if (!header) return std::unexpected(header.error());
  auto core =
      std::make_unique<ElfCore>(std::move(file), arch_name(header->e_machine), was_flattened, options);
  if (auto read = read_program_headers(name, *header, *core); !read)
    return std::unexpected(std::move(read.error()));
  if (core->has_no_places() && core->is_of_a_process())
    return refuse(name,
                  "an ELF core of a process, not of a kernel (its segments have no physical addresses); "
                  "give a dump of the machine's memory");
  if (core->has_no_places())
    return refuse(name,
                  "an ELF core whose segments have no physical addresses (p_paddr is 0); was its header "
                  "damaged, or is it of a process? Give a dump of the machine's memory");
  core->finish(name);
  if (core->segments().empty() && core->has_empty())
    return refuse(name,
                  "an ELF core without memory (PT_LOADs of no size, p_memsz is 0); was the dump cut short?");
  if (core->segments().empty())
    return refuse(name, "an ELF core without memory (no PT_LOAD with a physical address)");
  return core;
}

} // namespace mapscope::memory
