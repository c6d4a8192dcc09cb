// SPDX-License-Identifier: Apache-2.0
// The info word of a BTF type as commit f7a6b9eaff3e (7.2) has it: 24 bits of vlen and 7 of kind. The further
// bits were zero before, so that this is right for all releases; libbpf 1.1 counts 16 bits of vlen and 5 of
// kind.
#pragma once

#include <bpf/btf.h>
#include <cstdint>

namespace mapscope::btf {

constexpr std::uint32_t kind_of(std::uint32_t info) { return info >> 24 & 0x7f; }
constexpr std::uint32_t vlen_of(std::uint32_t info) { return info & 0xffffff; }
/// Members, constants, parameters or variables of a type.
inline std::uint32_t vlen_of(const btf_type* type) { return vlen_of(type->info); }

} // namespace mapscope::btf
