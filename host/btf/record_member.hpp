// SPDX-License-Identifier: Apache-2.0
// Where a member of a struct or union lies, in both forms that BTF has for it, and a variable in its section.
// Private to this folder.
#pragma once

#include "host/btf/types.hpp"

#include <bpf/btf.h>

namespace mapscope::btf {

/// The `index`-th member of `record`, which is a struct or union with that many members.
inline Member record_member(const Types& types, const btf_type* record, unsigned index) {
  const btf_member& declared = btf_members(record)[index];
  if (btf_kflag(record)) // width 0 is an ordinary member
    return {declared.type, BTF_MEMBER_BIT_OFFSET(declared.offset), BTF_MEMBER_BITFIELD_SIZE(declared.offset)};
  Member member{declared.type, declared.offset, 0};
  // Before kind_flag (4.20) a bitfield was an INT of fewer bits than its bytes hold, or of bits that begin
  // inside them.
  const btf_type* integer = types.type(types.peel(declared.type));
  if (integer == nullptr || !btf_is_int(integer)) return member;
  const std::uint64_t storage = std::uint64_t{integer->size} * 8;
  const std::uint32_t bits = btf_int_bits(integer), offset = btf_int_offset(integer);
  if (bits == 0 || bits > (storage <= 128 ? 128 : 64) || bits + offset > storage || bits == storage)
    return member;
  member.bit_offset += offset;
  member.bit_size = bits;
  return member;
}

/// The `index`-th variable of `section`, which has that many; nothing where it is of another kind.
inline std::optional<NamedMember> section_member(const Types& types, const btf_type* section,
                                                 unsigned index) {
  const btf_var_secinfo& place = btf_var_secinfos(section)[index];
  const btf_type* variable = types.type(place.type);
  if (variable == nullptr || !btf_is_var(variable)) return std::nullopt;
  return NamedMember{types.text(variable->name_off), {variable->type, std::uint64_t{place.offset} * 8, 0}};
}

} // namespace mapscope::btf
