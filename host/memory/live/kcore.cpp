// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/kcore.hpp"

#include "host/memory/input_file.hpp"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fmt/format.h>

namespace mapscope::memory {

namespace {

/// A piece of RAM, and where in the file its bytes are.
struct RamPiece {
  std::uint64_t address, size, offset;
};

/// With a file of its own: the kernel reads through a buffer that belongs to the open file (fs/proc/kcore.c),
/// so that two threads at one would mix what they read.
class KcoreWindow final : public LiveWindow {
public:
  KcoreWindow(InputFile file, std::vector<RamPiece> pieces)
      : file_(std::move(file)), pieces_(std::move(pieces)) {}

  bool read(std::uint64_t physical, std::span<std::byte> page) override {
    const auto next = std::ranges::upper_bound(pieces_, physical, {}, &RamPiece::address);
    if (next == pieces_.begin()) return false;
    const RamPiece& piece = *std::prev(next);
    const std::uint64_t inside = physical - piece.address;
    if (inside >= piece.size || page.size() > piece.size - inside) return false;
    return file_.read_at(piece.offset + inside, page);
  }

private:
  InputFile file_;
  std::vector<RamPiece> pieces_;
};

template <class T> bool get(const InputFile& file, std::uint64_t offset, T& value) {
  return file.read_at(offset, std::as_writable_bytes(std::span(&value, 1)));
}

Result<InputFile> open_file(const std::string& path) {
  auto file = InputFile::open(path, "/proc/kcore");
  if (!file) file.error().text += "; it takes CAP_SYS_RAWIO, and a kernel that has it (CONFIG_PROC_KCORE)";
  return file;
}

std::unexpected<Error> bad(const std::string& path, std::string_view what) {
  return fail(Errc::corrupt, fmt::format("{}: {}", path, what));
}

constexpr std::uint64_t nowhere = ~0ULL; ///< the physical address of what is no RAM (fs/proc/kcore.c)
constexpr std::uint64_t longest_notes = 1U << 20;
constexpr unsigned most_headers = 4096;

bool is_ram(const Elf64_Phdr& header) {
  return header.p_type == PT_LOAD && header.p_paddr != nowhere && header.p_filesz == header.p_memsz &&
         header.p_memsz != 0 && header.p_paddr <= nowhere - header.p_memsz;
}

/// The note's text, as the kernel has it for kdump.
std::string vmcoreinfo_in(std::span<const std::byte> notes) {
  constexpr std::string_view name = "VMCOREINFO";
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr head;
    std::memcpy(&head, notes.data(), sizeof head);
    const std::uint64_t text = sizeof head + (std::uint64_t{head.n_namesz} + 3) / 4 * 4;
    const std::uint64_t end = text + (std::uint64_t{head.n_descsz} + 3) / 4 * 4;
    if (end > notes.size()) break;
    const auto* const chars = reinterpret_cast<const char*>(notes.data());
    if (std::string_view(chars + sizeof head, std::min<std::size_t>(head.n_namesz, name.size())) == name)
      return {chars + text, head.n_descsz};
    notes = notes.subspan(end);
  }
  return "";
}

} // namespace

Result<LiveMachine> open_kcore(const std::string& path) {
  const auto file = open_file(path);
  if (!file) return std::unexpected(file.error());
  Elf64_Ehdr elf{};
  if (!get(*file, 0, elf) || std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
      elf.e_phentsize != sizeof(Elf64_Phdr) || elf.e_phnum > most_headers)
    return bad(path, "no ELF core of 64 bits, as /proc/kcore is");
  LiveMachine machine;
  machine.via = "kcore";
  std::vector<RamPiece> pieces;
  for (unsigned i = 0; i < elf.e_phnum; ++i) {
    Elf64_Phdr header{};
    if (!get(*file, elf.e_phoff + i * sizeof header, header)) return bad(path, "its headers cannot be read");
    if (is_ram(header)) pieces.push_back({header.p_paddr, header.p_memsz, header.p_offset});
    if (header.p_type != PT_NOTE || header.p_filesz > longest_notes || !machine.vmcoreinfo.empty()) continue;
    std::vector<std::byte> notes(header.p_filesz);
    if (file->read_at(header.p_offset, notes)) machine.vmcoreinfo = vmcoreinfo_in(notes);
  }
  // The kernel's image lies in RAM too, and is there twice.
  std::ranges::sort(pieces, [](const RamPiece& a, const RamPiece& b) {
    return std::pair(a.address, b.size) < std::pair(b.address, a.size);
  });
  std::vector<RamPiece> apart;
  for (const RamPiece& piece : pieces)
    if (apart.empty() || piece.address >= apart.back().address + apart.back().size) apart.push_back(piece);
  if (apart.empty()) return bad(path, "it has no RAM");
  for (const RamPiece& piece : apart) machine.ram.push_back({piece.address, piece.size, piece.size});
  machine.open_window = [path, apart]() -> Result<std::unique_ptr<LiveWindow>> {
    auto own = open_file(path);
    if (!own) return std::unexpected(std::move(own.error()));
    return std::make_unique<KcoreWindow>(std::move(*own), apart);
  };
  auto first = machine.open_window();
  if (!first) return std::unexpected(std::move(first.error()));
  machine.first = std::move(*first);
  return machine;
}

} // namespace mapscope::memory
