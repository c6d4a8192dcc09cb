// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/arenas.hpp"

#include "host/target/target.hpp"

#include "host/catalog/layout.hpp"

#include <algorithm>
#include <array>

namespace mapscope::catalog {

namespace {

/// What arena_map_alloc() (kernel/bpf/arena.c) reserves beside the 4 GiB: a guard zone, half of it in front,
/// and the page that get_vm_area() adds. The sum tells the page size. The zone grew with the pages in a fix
/// of 6.9.
struct Reserve {
  std::uint64_t size, guard, page_size;
};
constexpr std::uint64_t kib = 1024;
constexpr std::array<Reserve, 4> reserves = {{{68 * kib, 64 * kib, 4 * kib},
                                              {80 * kib, 64 * kib, 16 * kib},
                                              {128 * kib, 64 * kib, 64 * kib},
                                              {192 * kib, 128 * kib, 64 * kib}}};

/// struct bpf_arena and vm_struct (include/linux/vmalloc.h).
struct ArenaFields {
  std::uint64_t user_vm_start, kern_vm, address, size;
  std::optional<std::uint64_t> scratch_page; // 7.1
};

std::optional<ArenaFields> arena_fields(const btf::Types& kernel) {
  Layout arena(kernel, "struct bpf_arena"), area(kernel, "struct vm_struct");
  const ArenaFields fields{.user_vm_start = arena.need("user_vm_start"),
                           .kern_vm = arena.need("kern_vm"),
                           .address = area.need("addr"),
                           .size = area.need("size"),
                           .scratch_page = arena.want("scratch_page")};
  if (arena.error() || area.error()) return std::nullopt;
  return fields;
}

/// The pages' records lie side by side: where they begin and how far apart they are tells which page one is
/// of.
std::optional<std::uint64_t> physical_of(const target::Target& target, std::uint64_t page) {
  const auto first = target.page_of(0), second = target.page_of(target.page_size());
  if (!first || !second || *second <= *first || page < *first) return std::nullopt;
  return (page - *first) / (*second - *first) * target.page_size();
}

std::optional<Arena> arena_of(const target::Target& target, const ArenaFields& fields, const Map& map) {
  target::Reader reader = target.reader();
  const auto user = reader.get<std::uint64_t>(map.kva + fields.user_vm_start),
             area = reader.get<std::uint64_t>(map.kva + fields.kern_vm);
  const auto address = area ? reader.get<std::uint64_t>(*area + fields.address) : std::nullopt,
             size = area ? reader.get<std::uint64_t>(*area + fields.size) : std::nullopt;
  if (!user || !address || !size) return std::nullopt;
  const auto* reserve = std::ranges::find(reserves, *size - arena_span, &Reserve::size);
  if (reserve == reserves.end() || *address % reserve->page_size != 0 ||
      *address > ~std::uint64_t{0} - *size || *user % reserve->page_size != 0)
    return std::nullopt;
  Arena arena;
  arena.map = map.id, arena.name = map.name;
  arena.user_vm_start = *user;
  arena.kern_vm_start = *address + reserve->guard / 2;
  constexpr std::uint32_t no_user_conv = 1U << 18; // BPF_F_NO_USER_CONV, include/uapi/linux/bpf.h
  arena.page_size = reserve->page_size;
  arena.short_pointers = (map.flags & no_user_conv) != 0;
  arena.size = std::min(arena_span, std::uint64_t{map.max_entries} * reserve->page_size);
  if (fields.scratch_page)
    if (const auto page = reader.get<std::uint64_t>(map.kva + *fields.scratch_page); page.value_or(0) != 0)
      arena.scratch = physical_of(target, *page);
  return arena;
}

/// Up to the end of the page, or less.
std::uint64_t piece(std::uint64_t address, std::uint64_t page_size, std::uint64_t left) {
  return std::min(left, page_size - address % page_size);
}

bool is_scratch(const target::Reader& reader, const Arena& arena, std::uint64_t address) {
  target::Mapping mapping;
  const auto& translator = *reader.space().translator;
  return translator.translate(address, &mapping) == target::Fault::none &&
         mapping.physical - mapping.physical % translator.page_size() == *arena.scratch;
}

} // namespace

bool Arena::holds(std::uint64_t pointer, bool is_typed) const {
  const bool is_short = (pointer >> 32) == 0 && (is_typed || short_pointers);
  const auto first = static_cast<std::uint32_t>(user_vm_start);
  return pointer - user_vm_start < size || pointer - kernel_address(user_vm_start) < size ||
         (is_short && pointer - first < size);
}

std::vector<Arena> find_arenas(const target::Target& target, const btf::Types& kernel,
                               std::span<const Map> maps) {
  std::vector<Arena> arenas;
  const auto fields = arena_fields(kernel);
  for (const Map& map : maps) {
    if (!fields || map.type_name != "arena") continue;
    if (auto arena = arena_of(target, *fields, map)) arenas.push_back(std::move(*arena));
  }
  return arenas;
}

std::size_t read_arena(target::Reader& reader, const Arena& arena, std::uint64_t pointer,
                       std::span<std::byte> to, target::Fault* fault) {
  const std::uint64_t most = arena_span - (arena.kernel_address(pointer) - arena.kern_vm_start);
  if (to.size() > most) { // the window ends here
    const std::size_t done = read_arena(reader, arena, pointer, to.first(most), fault);
    if (*fault == target::Fault::none) *fault = target::Fault::unmapped;
    return done;
  }
  if (!arena.scratch) return reader.read_some(arena.kernel_address(pointer), to, fault);
  const std::uint64_t page_size = reader.space().translator->page_size();
  std::size_t done = 0;
  *fault = target::Fault::none;
  while (done < to.size() && *fault == target::Fault::none) {
    const std::uint64_t at = arena.kernel_address(pointer) + done;
    if (is_scratch(reader, arena, at)) {
      *fault = target::Fault::unmapped;
      break;
    }
    done += reader.read_some(at, to.subspan(done, piece(at, page_size, to.size() - done)), fault);
  }
  return done;
}

} // namespace mapscope::catalog
