// SPDX-License-Identifier: Apache-2.0
// Where the variables that programs declare in an arena lie in it (libbpf's section .addr_space.1,
// since 1.4).
//
// libbpf puts the section at the arena's first page (until 1.7) or on its last ones
// (tools/lib/bpf/libbpf.c, arena_data_off), and nothing in the kernel says which. The programs' instructions
// do: they hold the addresses of the variables. Where none does, the pages that are there may tell.
//
// Refuses: to choose where neither tells. Thread rule: pure.
#pragma once

#include "host/catalog/arenas.hpp"
#include "host/catalog/catalog.hpp"

#include <string_view>

namespace mapscope::catalog {

/// The DATASEC of such variables; 0 when the object has none.
btf::TypeId arena_section(const btf::Types& types);

/// Fills in `globals` of each arena whose programs declare variables in it, or notes on its map why not.
void find_arena_globals(const target::Target& target, const btf::Types& kernel, Catalog& catalog,
                        std::span<Arena> arenas);

/// The variable of that type that a pointer leads to, as C spells it: "qa.fifos[2]"; "" when it leads to
/// none.
std::string global_at(const Arena& arena, std::uint64_t pointer, btf::TypeId type);

} // namespace mapscope::catalog
