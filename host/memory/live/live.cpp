// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/live.hpp"

#include "host/memory/live/kcore.hpp"
#include "host/memory/live/peek.hpp"

#include <charconv>
#include <elf.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace mapscope::memory {

namespace {

constexpr std::uint64_t gib = 1ULL << 30;

/// "1000-9fbff : System RAM"; whoever may not see addresses sees zeros.
std::vector<Segment> system_ram() {
  std::vector<Segment> ram;
  std::ifstream file("/proc/iomem");
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view name = " : System RAM";
    if (line.starts_with(' ') || !line.ends_with(name)) continue;
    std::uint64_t first = 0, last = 0;
    const char* const end = line.data() + line.size();
    const auto dash = std::from_chars(line.data(), end, first, 16);
    if (dash.ec != std::errc() || dash.ptr == end) continue;
    if (std::from_chars(dash.ptr + 1, end, last, 16).ec != std::errc() || last <= first) continue;
    ram.push_back({first, last - first + 1, last - first + 1});
  }
  return ram;
}

/// Where the note for kdump lies, physical: "0x100bf2000 1024" (kernel/ksysfs.c).
struct NotePlace {
  std::uint64_t address = 0, size = 0;
};
std::optional<NotePlace> note_place() {
  constexpr std::uint64_t largest = 64U << 10;
  NotePlace place;
  std::ifstream file("/sys/kernel/vmcoreinfo");
  if (!(file >> std::hex >> place.address >> place.size) || place.size == 0 || place.size > largest)
    return std::nullopt;
  return place;
}

/// The text of the note at a virtual address; "" where there is none.
std::string note_at(Peek& peek, std::uint64_t address, std::uint64_t size) {
  constexpr std::string_view name("VMCOREINFO\0\0", 12);
  std::vector<std::byte> bytes(size);
  if (size < sizeof(Elf64_Nhdr) + name.size() || !peek.read(address, bytes)) return "";
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!all.substr(sizeof(Elf64_Nhdr)).starts_with(name)) return "";
  const std::string_view text = all.substr(sizeof(Elf64_Nhdr) + name.size());
  return std::string(text.substr(0, text.find('\0')));
}

/// Memory of the slab allocator lies in the direct map, which begins at a whole GiB (x86-64: a random one of
/// page_offset_base; arm64: what PAGE_OFFSET and the first RAM make), and the note tells the right one.
struct DirectMap {
  std::uint64_t offset = 0; ///< virtual minus physical address
  std::string vmcoreinfo;
};
std::optional<DirectMap> direct_map(Peek& peek, const NotePlace& note, std::uint64_t end_of_ram) {
  const std::uint64_t inside = peek.current_task();
  for (std::uint64_t down = 0; inside != 0 && down <= end_of_ram + gib; down += gib) {
    const std::uint64_t offset = inside / gib * gib - down;
    if (std::string text = note_at(peek, offset + note.address, note.size); !text.empty())
      return DirectMap{offset, std::move(text)};
  }
  return std::nullopt;
}

class PeekWindow final : public LiveWindow {
public:
  PeekWindow(std::unique_ptr<Peek> peek, std::uint64_t offset) : peek_(std::move(peek)), offset_(offset) {}
  bool read(std::uint64_t physical, std::span<std::byte> page) override {
    return peek_->read(offset_ + physical, page);
  }
  bool read_each(std::span<const std::uint64_t> addresses, std::size_t size, std::span<std::byte> to,
                 std::span<std::uint8_t> there) override {
    return peek_->read_each(addresses, size, to, there);
  }

private:
  std::unique_ptr<Peek> peek_;
  std::uint64_t offset_;
};

Result<LiveMachine> open_peek() {
  auto peek = Peek::open();
  if (!peek) return std::unexpected(std::move(peek.error()));
  auto ram = system_ram();
  if (ram.empty())
    return fail(Errc::io,
                "/proc/iomem does not say where RAM is; it takes CAP_SYS_ADMIN, and a mounted /proc");
  const auto note = note_place();
  if (!note)
    return fail(Errc::unsupported, "/sys/kernel/vmcoreinfo does not say where VMCOREINFO is; is the kernel "
                                   "built with CONFIG_VMCORE_INFO, and is /sys mounted?");
  auto direct = direct_map(**peek, *note, ram.back().address + ram.back().size);
  if (!direct)
    return fail(Errc::not_found,
                "the kernel's direct map of memory was not found from the task that runs here");
  LiveMachine machine{.via = "peek",
                      .ram = std::move(ram),
                      .vmcoreinfo = std::move(direct->vmcoreinfo),
                      .first = std::make_unique<PeekWindow>(std::move(*peek), direct->offset),
                      .open_window = {}};
  machine.open_window = [offset = direct->offset]() -> Result<std::unique_ptr<LiveWindow>> {
    auto another = Peek::open();
    if (!another) return std::unexpected(std::move(another.error()));
    return std::make_unique<PeekWindow>(std::move(*another), offset);
  };
  return machine;
}

} // namespace

Result<std::unique_ptr<Source>> open_live(const OpenOptions& options) {
  if (options.via == "bpf")
    return fail(Errc::unsupported, "live: --via bpf reads no memory, and this needs it; --via peek and --via "
                                   "kcore read it");
  const PageStoreLimits limits{options.resident, options.resident_forked};
  std::string tried;
  for (const std::string_view via : {"peek", "kcore"}) {
    if (!options.via.empty() && options.via != via) continue;
    auto machine = via == "peek" ? open_peek() : open_kcore();
    if (machine) return LiveSource::open(std::move(*machine), options.threads, limits);
    tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", via, machine.error().text);
  }
  return fail(Errc::refused, fmt::format("live: this machine's memory cannot be read: {}", tried));
}

} // namespace mapscope::memory
