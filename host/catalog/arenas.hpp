// SPDX-License-Identifier: Apache-2.0
// Where the pages of arena maps lie, and reads by the addresses that pointers into them have.
//
// Refuses: to guess where an arena lies whose records cannot be read, and to take the page that stands for
// all unallocated ones (struct bpf_arena.scratch_page, since 7.1) for content. Thread rule: plain values.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/target/address_space.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mapscope::catalog {

/// Bytes a pointer into an arena can tell apart: its lower half counts.
constexpr std::uint64_t arena_span = 1ULL << 32;

/// The variables of an arena's programs: see arena_globals.hpp.
struct ArenaGlobals {
  std::shared_ptr<const btf::Types> types;
  btf::TypeId section = 0;  ///< a DATASEC
  std::uint64_t size = 0;   ///< bytes
  std::uint64_t offset = 0; ///< from the arena's start
};

struct Arena {
  std::uint32_t map = 0; ///< id
  std::string name;
  std::uint64_t user_vm_start = 0;      ///< 0: no process has it mapped, pointers are offsets
  std::uint64_t kern_vm_start = 0;      ///< the kernel's address of what has 32 zero bits for a process
  std::uint64_t size = 0;               ///< bytes declared
  bool short_pointers = false;          ///< they are stored without their upper half (BPF_F_NO_USER_CONV)
  std::uint64_t page_size = 0;          ///< bytes
  std::optional<std::uint64_t> scratch; ///< physical address of the page that is nobody's
  std::optional<ArenaGlobals> globals;  ///< none: the programs declare none, or its map has a note

  /// Whether a pointer of that value can lead here: as a process sees it, or as the kernel does.
  /// `is_typed`: its type says that it is an arena's, so that it may also lack its upper half.
  [[nodiscard]] bool holds(std::uint64_t pointer, bool is_typed = false) const;
  /// Whether it could as well be a small number: then only what lies there can tell.
  [[nodiscard]] bool is_doubtful(std::uint64_t pointer, bool is_typed) const {
    return !is_typed && (pointer >> 32) == 0;
  }
  /// Of a pointer as a process has it only the lower half counts.
  [[nodiscard]] std::uint64_t kernel_address(std::uint64_t pointer) const {
    return pointer - kern_vm_start < arena_span ? pointer
                                                : kern_vm_start + static_cast<std::uint32_t>(pointer);
  }
};

/// Of all maps of type arena, those whose place is known; the plugin that shows the map says why others'
/// is not.
std::vector<Arena> find_arenas(const target::Target& target, const btf::Types& kernel,
                               std::span<const Map> maps);

/// As Reader::read_some() at a pointer into the arena; what is nobody's page is unmapped.
std::size_t read_arena(target::Reader& reader, const Arena& arena, std::uint64_t pointer,
                       std::span<std::byte> to, target::Fault* fault);

} // namespace mapscope::catalog
