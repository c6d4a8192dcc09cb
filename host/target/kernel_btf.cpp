// SPDX-License-Identifier: Apache-2.0
#include "host/target/kernel_btf.hpp"

#include "host/base/checked.hpp"
#include "host/memory/search.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <linux/btf.h>
#include <optional>
#include <vector>

namespace mapscope::target {

std::optional<std::uint64_t> btf_length(std::span<const std::byte> bytes) {
  const auto header = load_at<btf_header>(bytes, 0);
  if (!header || header->magic != BTF_MAGIC || header->version != 1 || header->hdr_len < sizeof *header)
    return {};
  const std::uint64_t types_end = std::uint64_t{header->type_off} + header->type_len;
  const std::uint64_t strings_end = std::uint64_t{header->str_off} + header->str_len;
  return header->hdr_len + std::max(types_end, strings_end);
}

namespace {

constexpr std::uint64_t largest = 256U << 20,
                        smallest = 256U << 10; ///< of a vmlinux; real ones have 4 to 8 MiB

Result<KernelBtf> piece(const AddressSpace& space, std::uint64_t start, std::uint64_t size) {
  KernelBtf btf;
  Mapping mapping;
  if (space.translator->translate(start, &mapping) == Fault::none && mapping.size >= size)
    btf.bytes = space.source->whole(mapping.physical, size);
  if (btf.bytes.size() == size) return btf;
  btf.owned.resize(size);
  Fault fault{};
  if (const std::size_t done = Reader(space).read_some(start, btf.owned, &fault); fault != Fault::none)
    return fail_at(
        Errc::not_in_dump, start,
        fmt::format("the kernel's BTF at {:#x} is {}", start, fault_text(fault, space, start + done)));
  btf.bytes = btf.owned;
  return btf;
}

/// The object's own header says how long it is, and the symbols do: they are two witnesses. One that is
/// damaged gives way to the other.
Result<KernelBtf> between(const AddressSpace& space, std::uint64_t start, std::uint64_t stop) {
  std::array<std::byte, sizeof(btf_header)> header{};
  const bool readable = Reader(space).read(start, header) == Fault::none;
  const auto own = readable ? btf_length(header) : std::nullopt;
  const std::uint64_t size = stop - start; // wraps to what is too large
  if (own && *own != size && *own >= smallest && *own <= largest) {
    auto btf = piece(space, start, *own);
    if (btf)
      btf->doubt =
          fmt::format("the kernel's BTF has {} bytes by its header, and {} by __start_BTF and __stop_BTF; "
                      "the header is believed",
                      *own, static_cast<std::int64_t>(size));
    if (btf || size == 0 || size > largest) return btf;
  }
  if (size == 0 || size > largest)
    return fail_at(Errc::corrupt, start,
                   fmt::format("the kernel's BTF would lie from {:#x} to {:#x}", start, stop));
  return piece(space, start, size);
}

/// A vmlinux BTF names these; a module's or program's own does not hold them all. Of one for a single CPU,
/// and of one that was made without variables (pahole 1.18 to 1.21), it is a function that only the kernel
/// has.
bool is_of_a_kernel(std::span<const std::byte> btf) {
  const std::string_view text(reinterpret_cast<const char*>(btf.data()), btf.size());
  using namespace std::string_view_literals;
  const auto names = [&](std::string_view name) { return text.find(name) != text.npos; };
  return names("\0task_struct\0"sv) && names("\0bpf_map\0"sv) &&
         (names("\0.data..percpu\0"sv) || names("\0vfs_read\0"sv));
}

/// Of a copy in a program's memory the first page may lie before anything. btf_parse_str_sec() of
/// kernel/bpf/btf.c asks as much.
bool has_strings(std::span<const std::byte> btf, const btf_header& header) {
  const std::uint64_t begin = std::uint64_t{header.hdr_len} + header.str_off;
  if (header.str_len == 0 || begin + header.str_len > btf.size()) return false;
  return btf[begin] == std::byte{} && btf[begin + header.str_len - 1] == std::byte{};
}

/// A vmlinux BTF that begins there.
std::optional<KernelBtf> begins_at(const memory::Source& source, std::uint64_t address) {
  std::array<std::byte, sizeof(btf_header)> header{};
  if (source.read(address, header) != header.size()) return std::nullopt;
  const auto length = btf_length(header);
  if (!length || *length < smallest || *length > largest) return std::nullopt;
  const auto bytes = source.whole(address, *length);
  if (bytes.size() != *length || !has_strings(bytes, load<btf_header>(header.data())) ||
      !is_of_a_kernel(bytes))
    return std::nullopt;
  return KernelBtf{bytes, {}};
}

std::optional<KernelBtf> found_in(const memory::Source& source, std::uint64_t begin, std::uint64_t end) {
  constexpr std::array<unsigned char, 4> magic = {0x9f, 0xeb, 1, 0}; // BTF_MAGIC, version 1, no flags
  std::optional<KernelBtf> found;
  memory::search(source, std::as_bytes(std::span(magic)), begin, end, [&](std::uint64_t at) {
    found = begins_at(source, at);
    return !found;
  });
  return found;
}

/// It is read-only data of the kernel's image, and so behind _stext.
std::optional<KernelBtf> found_in_image(const AddressSpace& space, const Symbols& symbols) {
  constexpr std::uint64_t most_image = 1ULL << 30; // KERNEL_IMAGE_SIZE of x86-64
  const auto stext = symbols.find("_stext");
  Mapping image;
  if (!stext || space.translator->translate(*stext, &image) != Fault::none) return std::nullopt;
  const std::uint64_t begin = image.physical;
  return found_in(*space.source, begin, begin + std::min(most_image, ~begin));
}

} // namespace

Result<KernelBtf> find_kernel_btf(const AddressSpace& space, const Symbols& symbols) {
  const auto start = symbols.find("__start_BTF"), stop = symbols.find("__stop_BTF");
  if (start && stop) return between(space, *start, *stop);
  if (auto btf = found_in_image(space, symbols)) return std::move(*btf); // others have copies
  if (auto btf = found_in(*space.source, 0, ~0ULL)) return std::move(*btf);
  return fail(Errc::not_found,
              "the memory holds no kernel BTF (CONFIG_DEBUG_INFO_BTF off?); give it with --btf or --vmlinux");
}

} // namespace mapscope::target
