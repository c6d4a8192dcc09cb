// SPDX-License-Identifier: Apache-2.0
#include "host/memory/kdump_header.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::memory {

namespace {

constexpr std::string_view signature = "KDUMP   ";
constexpr std::string_view take_again =
    "was it cut short, or damaged? Take or copy the dump again as a whole";

/// struct disk_dump_header of a 64-bit kernel (makedumpfile diskdump_mod.h, QEMU dump.h).
struct FirstHeader {
  std::array<char, 8> signature;
  std::int32_t version;
  std::array<char, 390> uts; // six fields of 65 bytes
  std::array<char, 6> padding;
  std::array<std::uint64_t, 2> time;
  std::uint32_t status;
  std::uint32_t block_size;
  std::uint32_t sub_header_blocks;
  std::uint32_t bitmap_blocks;
  std::uint32_t frames; // whole since version 6 in the second header
  std::array<std::uint32_t, 5> not_looked_at;
};
static_assert(sizeof(FirstHeader) == 464);

/// struct kdump_sub_header of a 64-bit kernel; each field since the version behind it.
struct SecondHeader {
  std::uint64_t phys_base;
  std::uint32_t dump_level;                     // 1
  std::uint32_t split;                          // 2
  std::uint64_t begin32, end32;                 // 2
  std::uint64_t vmcoreinfo_at, vmcoreinfo_size; // 3
  std::uint64_t notes_at, notes_size;           // 4
  std::uint64_t erased_at, erased_size;         // 5
  std::uint64_t begin, end, frames;             // 6
};
static_assert(sizeof(SecondHeader) == 104);

/// Of a version's second header: what stands behind it need not be there.
std::uint64_t second_header_bytes(std::uint32_t version) {
  constexpr std::array<std::uint64_t, 6> bytes = {0, 12, 32, 48, 64, 80};
  return version < bytes.size() ? bytes[version] : sizeof(SecondHeader);
}

// Real ones: a page of VMCOREINFO, some hundred bytes of notes per CPU.
constexpr std::uint64_t most_vmcoreinfo = 1U << 20, most_notes = 64U << 20, most_erased = 64U << 20;
constexpr std::uint64_t most_sub_header_blocks = 1U << 16;
constexpr std::uint64_t memory_end = 1ULL << 52; ///< no machine has more bits of physical addresses
constexpr std::uint64_t most_room = 1U << 20;    ///< in a bitmap, behind the last page of memory
constexpr std::size_t uts_field = 65, uts_machine = 4;

class HeaderReader {
public:
  HeaderReader(const std::string& name, const InputFile& file) : name_(name), file_(file) {}

  Result<KdumpHeader> read() {
    if (!file_.read_at(0, first_)) return cut_off("its first header");
    for (const auto step : {&HeaderReader::check_kind, &HeaderReader::check_sizes, &HeaderReader::read_second,
                            &HeaderReader::check_frames, &HeaderReader::read_vmcoreinfo})
      if (auto done = (this->*step)(); !done) return std::unexpected(std::move(done.error()));
    return std::move(header_);
  }

private:
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view what) const {
    return fail(Errc::unsupported, fmt::format("{}: {}", name_, what));
  }
  [[nodiscard]] std::unexpected<Error> damaged(std::string_view what) const {
    return fail(Errc::corrupt, fmt::format("{}: a kdump-compressed dump {}; {}", name_, what, take_again));
  }
  [[nodiscard]] std::unexpected<Error> cut_off(std::string_view where) const {
    if (!file_.lost().empty()) return damaged(fmt::format("in a flattened file that lacks {}", where));
    return damaged(fmt::format("that ends within {} ({} bytes)", where, file_.size()));
  }

  Result<void> check_kind() {
    constexpr std::int32_t newest = 16; // 6 today; a big-endian one reads as 2^24 and more
    if (first_.version < 0 || first_.version > newest)
      return refuse(fmt::format("a kdump-compressed dump of version {:#x}; it is damaged, or of a big-endian "
                                "kernel, and only little-endian is read",
                                static_cast<std::uint32_t>(first_.version)));
    header_.version = static_cast<std::uint32_t>(first_.version);
    header_.uts.assign(first_.uts.data(), first_.uts.size());
    const char* machine = first_.uts.data() + uts_machine * uts_field;
    header_.machine.assign(machine, ::strnlen(machine, uts_field));
    const bool is_printed = std::ranges::all_of(header_.machine, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!is_printed) header_.machine.clear();
    if (header_.machine.empty() || header_.machine == "x86_64" || header_.machine == "aarch64") return {};
    return refuse(fmt::format("a kdump-compressed dump of a kernel for {}; only x86_64 and aarch64 are known",
                              header_.machine));
  }

  Result<void> check_sizes() {
    header_.status = first_.status;
    header_.block_size = first_.block_size;
    if (!std::has_single_bit(first_.block_size) || first_.block_size < 4096 || first_.block_size > 65536)
      return damaged(fmt::format("whose pages have {} bytes", first_.block_size));
    if (first_.sub_header_blocks > most_sub_header_blocks)
      return damaged(fmt::format("whose second header has {} blocks", first_.sub_header_blocks));
    // An odd block belongs to neither half.
    header_.bitmap_size = std::uint64_t{first_.bitmap_blocks / 2} * first_.block_size;
    header_.bitmaps_at = std::uint64_t{1 + first_.sub_header_blocks} * first_.block_size;
    if (first_.bitmap_blocks % 2 != 0)
      return damaged(fmt::format("whose two bitmaps have {} blocks together", first_.bitmap_blocks));
    if (header_.descriptors_at() > file_.size()) return cut_off("its bitmaps");
    return {};
  }

  /// [at, at + size) lies in the file, and is no larger than such a thing ever is.
  [[nodiscard]] bool holds(std::uint64_t at, std::uint64_t size, std::uint64_t most) const {
    return size == 0 || (size <= most && at <= file_.size() && size <= file_.size() - at);
  }

  Result<void> read_second() {
    if (header_.version < 1 || first_.sub_header_blocks == 0) return {};
    const auto bytes = std::as_writable_bytes(std::span(&second_, 1));
    if (!file_.read_at(header_.block_size, bytes.first(second_header_bytes(header_.version))))
      return cut_off("its second header");
    take_what_was_wider_later();
    header_.dump_level = second_.dump_level;
    header_.is_split = second_.split != 0;
    // libkdumpfile takes memory for each of these before it reads it.
    if (!holds(second_.notes_at, second_.notes_size, most_notes) ||
        !holds(second_.erased_at, second_.erased_size, most_erased) ||
        !holds(second_.vmcoreinfo_at, second_.vmcoreinfo_size, most_vmcoreinfo))
      return damaged("whose notes lie outside of the file");
    return {};
  }

  /// All else is 0 where it was not read.
  void take_what_was_wider_later() {
    if (header_.version < 6)
      second_.begin = second_.begin32, second_.end = second_.end32, second_.frames = first_.frames;
  }

  Result<void> check_frames() {
    header_.frames = header_.version < 1 || second_.frames == 0 ? first_.frames : second_.frames;
    if (header_.frames > header_.bitmap_size * 8)
      return damaged(
          fmt::format("of {} pages whose bitmaps have room for {}", header_.frames, header_.bitmap_size * 8));
    if (header_.frames == 0) return damaged("without any memory");
    if (header_.frames > memory_end / header_.block_size)
      return damaged(fmt::format("of {} pages, more than any machine has", header_.frames));
    // libkdumpfile reads each as a whole.
    if (header_.bitmap_size > 2 * (header_.frames / 8 + 1) + most_room)
      return damaged(
          fmt::format("of {} pages whose bitmaps have {} bytes each", header_.frames, header_.bitmap_size));
    header_.begin = header_.is_split ? second_.begin : 0;
    header_.end = header_.is_split ? second_.end : header_.frames;
    if (header_.begin > header_.end || header_.end > header_.frames)
      return damaged(fmt::format("whose part of the pages is {} to {} of {}", header_.begin, header_.end,
                                 header_.frames));
    return {};
  }

  Result<void> read_vmcoreinfo() {
    header_.vmcoreinfo.resize(second_.vmcoreinfo_size);
    if (!file_.read_at(second_.vmcoreinfo_at, std::as_writable_bytes(std::span(header_.vmcoreinfo))))
      return cut_off("its VMCOREINFO");
    return {};
  }

  const std::string& name_;
  const InputFile& file_;
  FirstHeader first_{};
  SecondHeader second_{};
  KdumpHeader header_;
};

} // namespace

bool is_kdump(std::span<const std::byte> bytes) {
  return bytes.size() >= signature.size() &&
         std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
}

Result<KdumpMember> read_kdump_header(const std::string& name, InputFile file) {
  auto header = HeaderReader(name, file).read();
  if (!header) return std::unexpected(std::move(header.error()));
  return KdumpMember{name, std::move(file), std::move(*header)};
}

namespace {

/// Most of a bitmap may be zeros: memory that begins far up, or a file that lies.
bool read_without_zeros(const InputFile& file, std::uint64_t from, std::span<std::byte> to) {
  std::vector<std::byte> piece(64U << 10);
  for (std::uint64_t done = 0; done < to.size(); done += piece.size()) {
    const auto part = std::span(piece).first(std::min<std::uint64_t>(piece.size(), to.size() - done));
    if (!file.read_at(from + done, part)) return false;
    if (part[0] != std::byte{0} || std::memcmp(part.data(), part.data() + 1, part.size() - 1) != 0)
      std::ranges::copy(part, to.begin() + static_cast<std::ptrdiff_t>(done));
  }
  return true;
}

} // namespace

Result<FrameSet> read_bitmap(const KdumpMember& member, unsigned which) {
  const KdumpHeader& header = member.header;
  FrameSet frames(header.frames);
  const auto bytes = frames.bytes().first(std::min<std::uint64_t>(frames.bytes().size(), header.bitmap_size));
  if (!read_without_zeros(member.file, header.bitmaps_at + which * header.bitmap_size, bytes))
    return fail(Errc::corrupt, fmt::format("{}: a kdump-compressed dump whose bitmaps cannot be read; {}",
                                           member.name, take_again));
  return frames;
}

} // namespace mapscope::memory
